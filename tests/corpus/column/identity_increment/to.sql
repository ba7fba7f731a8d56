create table tickets (id bigint generated always as identity (increment by 5 start with 50 cache 3 cycle) primary key, seat text);
