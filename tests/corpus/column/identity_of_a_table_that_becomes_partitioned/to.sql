create table tickets (id bigint generated always as identity, seat text) partition by range (id);
create table tickets_all partition of tickets default;
