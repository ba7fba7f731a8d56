create table shelves (room int, number int, unique (room, number));
create table boxes (room int, number int, label text, foreign key (room, number) references shelves (room, number));
