create table one (a integer not null, b integer) partition by range (a);
create table other (a integer not null, b integer) partition by range (a);
create table part partition of other for values from (0) to (10);
create table stays partition of one for values from (10) to (20);
alter table one add primary key (a);
alter table other add unique (a);
