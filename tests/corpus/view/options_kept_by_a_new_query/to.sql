create table t (a int, b int);
create view v with (security_barrier = true, security_invoker = true) as select a from t where b > 0;
create view w as select a from t where a > 1 with cascaded check option;
grant select on v to dbsync_reader;
