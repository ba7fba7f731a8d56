create table animals (name text, legs int constraint few check (legs < 9));
create table dogs (breed text) inherits (animals);
create table pets (owner text);
create table house_dogs () inherits (dogs, pets);
