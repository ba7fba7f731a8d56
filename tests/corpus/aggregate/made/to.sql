create function glue(state text, item text) returns text language sql immutable as $$ select coalesce(state || '+', '') || item $$;
create aggregate glued(text) (sfunc = glue, stype = text, parallel = safe);
comment on aggregate glued(text) is 'Items with a plus in between';
grant execute on function glued(text) to dbsync_reader;
create view menu as select glued(dish) as dishes from (values ('soup'), ('cake')) as t (dish);
