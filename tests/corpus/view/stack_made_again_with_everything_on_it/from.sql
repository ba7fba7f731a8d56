create table t (a int, b text);
create view v1 as select a, b from t;
create view v2 as select a, b from v1 where a > 0;
create view v3 as select v1.a, v2.b from v1 join v2 using (a);
comment on view v2 is 'Positive';
comment on column v3.b is 'The text';
grant select, insert on v2 to dbsync_writer with grant option;
grant select (a) on v3 to dbsync_reader;
alter view v2 alter b set default 'none';
