create table parent (a integer, b integer);
create table one () inherits (parent);
create table two (c integer, doubled integer generated always as (c * 2) stored) inherits (parent);
create table three () inherits (two);
create table other (b integer);
create table four () inherits (other, parent);
alter table parent add constraint positive check (b > 0) not valid;
alter table other add constraint positive check (b > 0) not valid;
