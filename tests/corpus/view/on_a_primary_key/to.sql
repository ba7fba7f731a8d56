create table people (id int, name text, town text, constraint who primary key (id, town));
create view crowd as select id, name, count(*) from people group by id, name;
