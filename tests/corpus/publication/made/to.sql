create table news (id int primary key, text text);
create publication everything for all tables;
create publication inserts with (publish = 'insert', publish_via_partition_root = true);
comment on publication inserts is 'New ones';
