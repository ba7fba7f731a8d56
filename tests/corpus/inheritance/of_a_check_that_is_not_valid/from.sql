create table parent (a integer, b integer);
create table one () inherits (parent);
alter table parent add constraint positive check (b > 0) not valid;
create table other (b integer);
alter table other add constraint positive check (b > 0) not valid;
