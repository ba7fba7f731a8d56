create domain zip as text constraint filled check (value <> '');
create type address as (street text, code zip);
create table towns (codes zip[], hall address);
