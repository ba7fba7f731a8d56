create domain weight as int default 2 not null;
create table pets (name text, heavy weight);
