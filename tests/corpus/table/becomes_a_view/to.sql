create table people (id int primary key, name text, active boolean);
create view actives as select id, name from people where active;
