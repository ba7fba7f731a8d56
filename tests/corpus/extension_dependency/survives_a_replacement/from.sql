create extension hstore;
create extension citext;
create table t (a integer, b text);
create index by_b on t (b);
alter index by_b depends on extension hstore;
create function f() returns integer language sql as 'select 1';
alter function f() depends on extension citext;
