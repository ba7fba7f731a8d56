create table visits (id int primary key, at date);
create index visits_at on visits (at);
