create unlogged sequence quick;
create sequence "Odd Name" start 5;
create table t (a int default nextval('"Odd Name"'));
