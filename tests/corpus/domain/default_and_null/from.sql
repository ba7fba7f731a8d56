create domain weight as int default 1;
create table pets (name text, heavy weight);
