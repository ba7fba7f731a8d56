create function total(a int, b int default 2) returns int language sql as 'select a + b';
grant execute on function total to dbsync_reader;
comment on function total is 'A sum';
