create table kept (id int primary key);
create table old (id int, kept_id int references kept);
create view olds as select id from old;
