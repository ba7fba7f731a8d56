create function lucky() returns bigint language sql as 'select 77::bigint';
create table draws (number int default lucky(), at date);
create view chances as select lucky() as number;
grant select on chances to dbsync_reader;
