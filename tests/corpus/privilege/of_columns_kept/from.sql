create table t (a int, b int, c int);
grant select (a, b), update (b) on t to dbsync_reader;
grant select on t to public;
