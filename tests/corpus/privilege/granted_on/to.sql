create table t (a int, b int);
create function f() returns int language sql as 'select 1';
grant select, insert, delete on t to dbsync_reader with grant option;
grant insert on t to dbsync_writer;
set role dbsync_reader;
grant select on t to dbsync_writer with grant option;
grant insert, delete on t to dbsync_writer;
reset role;
