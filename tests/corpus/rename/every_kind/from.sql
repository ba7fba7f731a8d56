-- dbsync: renamed from app2
create schema app;
-- dbsync: renamed from feeling
create type mood as enum (
    'sad', -- dbsync: renamed from 'rather blue'
    -- dbsync: renamed from Great
    'happy'
);
create type place as ( -- dbsync: renamed from spot
    street text,
    town text -- dbsync: renamed from city
);
-- dbsync: renamed from postcode
create domain zip as text
    -- dbsync: renamed from complete
    constraint filled check (value <> '');
-- dbsync: renamed from periods
create type spans as range (subtype = date);
-- dbsync: renamed from app2.counter
create sequence app.numbers increment 5;
-- dbsync: renamed from tariffs
create table plans (
    id serial primary key,
    name text not null constraint named check (name <> '') constraint one_name unique, -- dbsync: renamed from title
    -- dbsync: renamed from feels
    feeling mood,
    code zip,
    at place,
    during spans,
    number integer generated always as identity,
    -- dbsync: renamed from enough
    constraint positive check (number > 0)
);
-- dbsync: renamed from tariffs_by_feeling
create index plans_by_feeling on plans (feeling);
-- dbsync: renamed from tariffs_statistics
create statistics plans_statistics on name, number from plans;
create table subs (plan integer constraint of_plan references plans); -- dbsync: renamed from subscriptions
-- dbsync: renamed from all_tariffs
create view all_plans as select id, name from plans;
-- dbsync: renamed from many_tariffs
create materialized view many_plans as select name from all_plans;
create index many_index on many_plans (name);
-- dbsync: renamed from price
create function cost(p plans) returns integer language sql as 'select 1';
-- dbsync: renamed from run
create procedure act(i integer) language sql as 'select 1';
-- dbsync: renamed from total
create aggregate summed (integer) (sfunc = int4pl, stype = integer);
create function t() returns trigger language plpgsql as 'begin return new; end';
-- dbsync: renamed from fires
create trigger watch before insert on plans for each row execute function t();
-- dbsync: renamed from who
create policy mine on plans using (id > 0);
-- dbsync: renamed from instead
create rule nothing as on delete to subs do instead nothing;
-- dbsync: renamed from english2
create text search configuration words (copy = simple);
-- dbsync: renamed from simple2
create text search dictionary easy (template = simple);
-- dbsync: renamed from posix
create collation old_way (locale = 'C');
-- dbsync: renamed from fdw2
create foreign data wrapper other;
-- dbsync: renamed from server2
create server elsewhere foreign data wrapper other;
-- dbsync: renamed from abroad2
create foreign table abroad (a integer) server elsewhere;
-- dbsync: renamed from all2
create publication few for table subs;
create function e() returns event_trigger language plpgsql as 'begin end';
-- dbsync: renamed from on_start2
create event trigger on_start on ddl_command_start execute function e();
alter event trigger on_start disable;
-- dbsync: renamed from integers2
create operator family integers using btree;
-- dbsync: renamed from int_ops2
create operator class int_ops for type integer using btree family integers as operator 1 <;
