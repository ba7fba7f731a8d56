create collation plain (lc_collate = 'POSIX', lc_ctype = 'C');
create table names (spelt text collate plain);
create index names_spelt on names (spelt);
