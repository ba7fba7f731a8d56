create table t (a int, b text);
create view v as select b, a from t;
alter view v alter b set default 'y';
