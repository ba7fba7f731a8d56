create type span as range (subtype = float8, subtype_diff = float8mi);
create table heights (id int primary key, between_them span);
