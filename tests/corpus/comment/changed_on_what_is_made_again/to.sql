create table t (a int, b int);
create view v as select b, a from t;
comment on view v is 'After';
comment on column v.b is 'The second';
