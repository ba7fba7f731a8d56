create table t (a integer generated always as identity, b integer generated always as identity);
comment on sequence t_a_seq is 'first';
grant usage on sequence t_b_seq to dbsync_reader;
