create table logs (id int, text text) with (fillfactor = 80, autovacuum_enabled = false);
