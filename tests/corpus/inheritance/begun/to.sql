create table animals (name text, legs int);
create table dogs (name text, legs int, breed text) inherits (animals);
