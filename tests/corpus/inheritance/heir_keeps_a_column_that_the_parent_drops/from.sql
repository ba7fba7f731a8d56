create table p (c integer, e integer);
create table a () inherits (p);
create table b () inherits (p);
create table aa () inherits (a);
