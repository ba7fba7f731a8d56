create function looks_right(text) returns boolean language sql immutable return position('@' in $1) > 1;
create table emails (address text check (looks_right(address)), tag text generated always as (upper(address)) stored);
create index on emails ((looks_right(address)));
