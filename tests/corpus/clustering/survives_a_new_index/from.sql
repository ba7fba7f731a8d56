create table visits (id int primary key, at date, guest text);
create index visits_at on visits (at);
alter table visits cluster on visits_at;
