create function total(a int, b int default 3) returns int language sql immutable strict parallel safe cost 7 leakproof security definer set work_mem = '1MB' as 'select a + b + 0';
grant execute on function total to dbsync_reader;
comment on function total is 'A sum';
