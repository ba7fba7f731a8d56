insert into shop.orders (total) values (1), (2);
insert into customers (name) values ('a'), ('b');
