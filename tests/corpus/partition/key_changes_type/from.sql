create table people (id int primary key);
create table calls (id int, caller int, minutes int) partition by hash (id);
create table calls_0 partition of calls for values with (modulus 2, remainder 0);
create table calls_1 partition of calls for values with (modulus 2, remainder 1);
