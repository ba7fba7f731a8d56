create schema shop;
create table shop.orders (id int primary key, total int);
create view totals as select sum(total) as total from shop.orders;
