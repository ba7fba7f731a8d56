create extension hstore;
create extension citext;
create table t (a integer, b text);
create index by_b on t (b, a);
alter index by_b depends on extension hstore;
create function f() returns bigint language sql as 'select 1::bigint';
alter function f() depends on extension citext;
alter function f() depends on extension hstore;
