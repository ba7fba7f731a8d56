create collation plain (locale = 'C');
comment on collation plain is 'By bytes';
create table names (spelt text collate plain);
create index names_spelt on names (spelt collate "POSIX");
