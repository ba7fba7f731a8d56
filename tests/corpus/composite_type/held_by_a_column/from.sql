create type address as (street text, town text);
create table shops (id int primary key, place address, others address[]);
create view towns as select (place).town from shops;
