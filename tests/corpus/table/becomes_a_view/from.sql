create table people (id int primary key, name text, active boolean);
create table actives (id int, name text);
