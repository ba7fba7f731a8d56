create table p (c integer);
create table a (e integer) inherits (p);
create table b () inherits (p);
create table aa () inherits (a);
