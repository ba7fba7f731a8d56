create table people (id int primary key);
create table calls (id bigint primary key, caller int references people on delete cascade, minutes int check (minutes > 0) default 1) partition by hash (id);
create table calls_0 partition of calls for values with (modulus 2, remainder 0);
create table calls_1 partition of calls for values with (modulus 2, remainder 1);
alter table calls_1 alter minutes set default 5;
alter table calls_1 enable row level security;
