create table tickets (id serial primary key, seat text);
