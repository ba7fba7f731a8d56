create table posts (id int, text text);
create view shown as select id, text from posts;
