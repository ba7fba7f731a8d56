create schema counting;
create sequence counting.numbers;
create table tickets (id integer default nextval('counting.numbers') primary key, seat text);
alter table tickets add column place bigserial;
