create table tickets (id bigint generated always as identity, seat text);
