create table rooms (id int primary key, beds bigint);
create function nothing() returns int language sql immutable return 0;
create function beds() returns bigint language sql stable begin atomic select sum(beds) + nothing() from rooms; end;
