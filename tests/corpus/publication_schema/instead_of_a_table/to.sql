create schema press;
create schema archive;
create table press.news (id int primary key, text text);
create publication feed for tables in schema archive, press;
