create table unrelated (a int);
create table authors (id int primary key, best_book int);
create table novels (id int primary key, author int references authors, sequel int references novels);
alter table authors add constraint best foreign key (best_book) references novels;
