create domain zip as text not null;
create type address as (street text, code zip);
create table towns (codes zip[], hall address, plain zip default 'x');
create view halls as select hall, cardinality(codes) as many from towns;
