create table staff (id bigint primary key, boss bigint references staff) partition by hash (id);
create table staff_even partition of staff for values with (modulus 2, remainder 0);
create table staff_odd partition of staff for values with (modulus 2, remainder 1);
