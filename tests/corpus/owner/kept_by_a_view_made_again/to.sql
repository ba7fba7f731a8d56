create table t (a int, b int);
create view v as select b from t;
alter view v owner to dbsync_writer;
grant select on v to dbsync_reader;
