create table t (a int, b bigint, d int);
grant select (a, d), update (b) on t to dbsync_reader;
grant select, trigger on t to public;
