create function glue(state text, item text) returns text language sql immutable as $$ select coalesce(state || '+', '') || item $$;
