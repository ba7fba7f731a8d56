create table shelves (room int, number int, primary key (room, number));
create table boxes (room int, number int, label text primary key, foreign key (room, number) references shelves (room, number) on delete set null (number) deferrable initially deferred);
