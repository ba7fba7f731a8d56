create table animals (name text, legs int);
create table dogs (breed text) inherits (animals);
