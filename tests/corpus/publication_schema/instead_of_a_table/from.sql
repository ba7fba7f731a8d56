create schema press;
create table press.news (id int primary key, text text);
create publication feed for table press.news;
