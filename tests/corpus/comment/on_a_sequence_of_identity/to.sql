create table t (
    a integer generated always as identity (sequence name counted),
    b integer generated always as identity,
    c integer generated always as identity
);
comment on sequence counted is 'second';
comment on sequence t_b_seq is 'another';
grant select on sequence t_b_seq to dbsync_reader;
grant usage on sequence t_c_seq to dbsync_writer;
