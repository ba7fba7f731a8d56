create function lucky() returns integer language sql as 'select 7';
create table draws (number int default lucky(), at date);
create view chances as select lucky() as number;
grant select on chances to dbsync_reader;
