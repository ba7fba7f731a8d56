create table tickets (id bigserial primary key, seat text);
