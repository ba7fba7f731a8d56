create unlogged table logs (id int, text text) with (fillfactor = 90, toast.autovacuum_enabled = false);
alter table logs enable row level security;
