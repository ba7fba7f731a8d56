create table parent (a integer, b integer);
create table one () inherits (parent);
alter table parent add constraint known not null b not valid;
create table valid () inherits (parent);
create table parted (a integer, b integer) partition by list (a);
alter table parted add constraint known_too not null b not valid;
