create table t (a int, b int);
create function f() returns int language sql as 'select 1';
grant select, insert, update (a) on t to dbsync_reader with grant option;
grant execute on function f() to dbsync_reader with grant option;
set role dbsync_reader;
grant select, update (a) on t to dbsync_writer;
grant insert on t to dbsync_writer with grant option;
grant execute on function f() to dbsync_writer;
reset role;
