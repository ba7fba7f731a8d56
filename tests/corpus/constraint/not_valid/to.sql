create table lots (price int, owner int);
create table people (id int primary key);
alter table lots add constraint not_free check (price > 0) not valid;
alter table lots add constraint known foreign key (owner) references people not valid;
