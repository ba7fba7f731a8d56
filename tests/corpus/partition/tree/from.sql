create table kept (a int);
