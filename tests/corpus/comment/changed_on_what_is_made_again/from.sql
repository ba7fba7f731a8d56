create table t (a int, b int);
create view v as select a, b from t;
comment on view v is 'Before';
comment on column v.b is 'The second';
