create table animals (name text);
create table marked (mark int not null, constraint positive check (mark > 0));
create table dogs (breed text) inherits (animals);
create table cats (mark int not null, constraint positive check (mark > 0)) inherits (animals);
