create sequence numbers;
create table tickets (id integer default nextval('numbers') primary key, seat text);
