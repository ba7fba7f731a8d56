create schema app;
create table app.old (a int);
alter default privileges in schema app grant select, insert on tables to dbsync_reader;
alter default privileges in schema app grant usage on sequences to dbsync_reader with grant option;
