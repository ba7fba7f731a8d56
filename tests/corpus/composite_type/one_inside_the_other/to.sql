create type address as (street varchar(50), number bigint);
create type person as (name varchar(50), home address);
create table people (id integer, person person, others person[]);
create function street(a address) returns text language sql immutable as 'select upper(a.street)';
create view streets as select (person).name, ((person).home).number from people;
create index by_street on people (street((person).home));
