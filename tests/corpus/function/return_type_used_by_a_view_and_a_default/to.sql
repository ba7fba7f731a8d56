create function code() returns text language sql as $$ select 'a'::text $$;
revoke execute on function code() from public;
grant execute on function code() to dbsync_reader;
comment on function code() is 'A code';
create table parts (id int primary key, code text default code());
create view codes as select id, code() as of from parts;
comment on view codes is 'All codes';
grant select on codes to dbsync_reader;
create view more_codes as select * from codes;
