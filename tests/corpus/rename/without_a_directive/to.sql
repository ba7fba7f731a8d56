create table t (
    id integer primary key,
    n integer constraint small check (n < 10),
    s varchar(9) check (s in ('a', 'b')),
    u integer unique,
    other integer references t
);
create index on t (n) where n > 0;
create sequence t_c_seq;
alter table t add column c integer default nextval('t_c_seq') not null;
alter sequence t_c_seq owned by t.c;
create domain d as text check (length(value) < 9);
