create table rooms (id int primary key, beds int);
create function beds() returns bigint language sql stable begin atomic select sum(beds) from rooms; end;
