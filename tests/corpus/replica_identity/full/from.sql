create table logs (id int, text text);
create table notes (id int not null, text text);
create unique index notes_id on notes (id);
