create collation plain (lc_collate = 'C', lc_ctype = 'POSIX');
create table names (spelt text collate plain);
create index names_spelt on names (spelt);
