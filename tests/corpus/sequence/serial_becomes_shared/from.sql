create table tickets (id serial primary key, seat text);
create table seats (id serial primary key, name text);
