create type address as (street text, number integer);
create type person as (name text, home address);
create table people (id integer, person person, others person[]);
create function street(a address) returns text language sql immutable as 'select a.street';
create view streets as select (person).name, ((person).home).street from people;
create index by_street on people (street((person).home));
