create table lots (price int, owner int);
create table people (id int primary key);
