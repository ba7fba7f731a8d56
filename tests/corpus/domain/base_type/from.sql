create domain weight as int check (value > 0);
create table pets (name text, heavy weight);
create view heavy_ones as select name from pets where heavy > 10;
