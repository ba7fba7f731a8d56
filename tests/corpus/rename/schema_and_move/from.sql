create schema shop;
create table shop.orders (id serial primary key, total numeric check (total > 0));
create view shop.totals as select sum(total) as total from shop.orders;
create function shop.most() returns numeric language sql as 'select max(total) from shop.orders';
-- dbsync: renamed from sales.people
create table customers (id integer generated always as identity primary key, name text unique);
create function greet(c customers) returns text language sql as 'select ''hello''';
-- dbsync: renamed from billing.status
create type state as enum ('new', 'old');
