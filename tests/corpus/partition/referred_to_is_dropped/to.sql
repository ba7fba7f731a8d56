create table seats (id integer primary key, place integer, area integer);
