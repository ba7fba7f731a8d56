create extension btree_gist;
create table prices (item int, valid daterange, cents int);
