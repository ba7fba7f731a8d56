create domain weight as numeric(6, 2) default 1 not null check (value > 0);
create table pets (name text, heavy weight);
