create type address as (street text, town text);
create function first_line(address) returns text language sql as $$ select $1.street $$;
