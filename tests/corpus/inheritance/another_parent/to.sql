create table animals (name text, legs int);
create table marked (mark int not null, constraint positive check (mark > 0));
create table dogs (breed text) inherits (animals, marked);
create table cats (mark int not null, constraint positive check (mark > 0)) inherits (animals, marked);
