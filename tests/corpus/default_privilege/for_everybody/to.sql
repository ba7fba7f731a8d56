create schema app;
alter default privileges revoke execute on functions from public;
alter default privileges in schema app grant select, update on tables to dbsync_writer;
create table app.fresh (a int);
create function app.f() returns int language sql as 'select 1';
