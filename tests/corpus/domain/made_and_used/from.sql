create table pets (name text);
