create schema press;
create table press.news (id int primary key);
create publication feed;
