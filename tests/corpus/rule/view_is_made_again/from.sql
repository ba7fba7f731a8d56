create table posts (id int, text text);
create view shown as select id, text from posts;
create rule add as on insert to shown do instead insert into posts values (new.id, new.text);
comment on rule add on shown is 'Through the view';
