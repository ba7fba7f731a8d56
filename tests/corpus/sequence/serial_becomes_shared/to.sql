create sequence numbers;
create table tickets (id integer default nextval('numbers') primary key, seat text);
create table seats (id integer default nextval('numbers') primary key, name text);
