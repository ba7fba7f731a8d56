-- dbsync: renamed from shop
create schema sales;
create schema billing;
create table sales.orders (id serial primary key, total numeric check (total > 0));
create view sales.totals as select sum(total) as total from sales.orders;
create function sales.most() returns numeric language sql as 'select max(total) from sales.orders';
-- dbsync: renamed from public.customers
create table sales.people (id integer generated always as identity primary key, name text unique);
create function greet(c sales.people) returns text language sql as 'select ''hello''';
-- dbsync: renamed from public.state
create type billing.status as enum ('new', 'old');
