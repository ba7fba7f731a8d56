create schema shop;
create table orders (id int primary key, total int);
create view totals as select sum(total) as total from orders;
