create function longer(a text, b text) returns text language sql immutable as $$ select case when length(a) >= length(b) then a else b end $$;
create aggregate longest(text) (sfunc = longer, stype = text, initcond = '');
create view record as select longest(word) as word from (values ('a'), ('bc')) as t (word);
grant select on record to dbsync_reader;
