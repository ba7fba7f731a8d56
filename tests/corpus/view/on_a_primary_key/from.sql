create table people (id int primary key, name text, town text);
create view crowd as select id, name, count(*) from people group by id;
