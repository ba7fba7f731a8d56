create extension hstore;
create table t (a integer, b text);
create function f() returns integer language sql as 'select 1';
create procedure p(i integer) language sql as 'select 1';
create function g() returns trigger language plpgsql as 'begin return new; end';
create trigger watch before insert on t for each row execute function g();
create index by_b on t (b);
create materialized view m as select a from t;
