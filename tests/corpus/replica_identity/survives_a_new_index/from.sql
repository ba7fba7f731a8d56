create table notes (id int not null, part int not null, text text);
create unique index notes_id on notes (id);
alter table notes replica identity using index notes_id;
