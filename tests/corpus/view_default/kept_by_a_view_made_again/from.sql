create table t (a int, b text);
create view v as select a, b from t;
alter view v alter b set default 'x';
