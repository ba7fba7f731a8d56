create table animals (name text, legs bigint constraint few check (legs < 99), wild boolean default true);
create table dogs (breed text) inherits (animals);
create table pets (owner text);
create table house_dogs () inherits (dogs, pets);
alter table house_dogs alter wild set default false;
