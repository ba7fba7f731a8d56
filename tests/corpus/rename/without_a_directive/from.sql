create table t (
    id integer constraint t_key primary key,
    n integer constraint low check (n < 10),
    s varchar(9) constraint s_known check (s in ('a', 'b')),
    u integer constraint u_once unique,
    other integer constraint other_t references t
);
create index t_n on t (n) where n > 0;
create sequence counted;
alter table t add column c integer default nextval('counted') not null;
alter sequence counted owned by t.c;
create domain d as text constraint short check (length(value) < 9);
