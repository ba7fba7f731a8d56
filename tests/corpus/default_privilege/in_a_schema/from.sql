create schema app;
create table app.old (a int);
