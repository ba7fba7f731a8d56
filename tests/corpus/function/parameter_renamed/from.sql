create function greet(name text) returns text language sql as $$ select 'Hi ' || name $$;
create table cards (line text check (greet(line) <> ''));
