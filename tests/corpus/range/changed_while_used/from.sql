create type span as range (subtype = float8);
create table heights (id int primary key, between_them span);
