create type address as (street varchar(80), town text collate "C", country text);
create function first_line(address) returns text language sql as $$ select $1.street $$;
