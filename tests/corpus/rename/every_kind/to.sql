-- dbsync: renamed from app
create schema app2;
-- dbsync: renamed from mood
create type feeling as enum (
    'rather blue', -- dbsync: renamed from sad
    -- dbsync: renamed from 'happy'
    'Great'
);
create type spot as ( -- dbsync: renamed from place
    street text,
    city text -- dbsync: renamed from town
);
-- dbsync: renamed from zip
create domain postcode as text
    -- dbsync: renamed from filled
    constraint complete check (value <> '');
-- dbsync: renamed from spans
create type periods as range (subtype = date);
-- dbsync: renamed from app.numbers
create sequence app2.counter increment 5;
-- dbsync: renamed from plans
create table tariffs (
    id serial primary key,
    title text not null constraint named check (title <> '') constraint one_name unique, -- dbsync: renamed from name
    -- dbsync: renamed from feeling
    feels feeling,
    code postcode,
    at spot,
    during periods,
    number integer generated always as identity,
    -- dbsync: renamed from positive
    constraint enough check (number > 0)
);
-- dbsync: renamed from plans_by_feeling
create index tariffs_by_feeling on tariffs (feels);
-- dbsync: renamed from plans_statistics
create statistics tariffs_statistics on title, number from tariffs;
create table subscriptions (plan integer constraint of_plan references tariffs); -- dbsync: renamed from subs
-- dbsync: renamed from all_plans
create view all_tariffs as select id, title as name from tariffs;
-- dbsync: renamed from many_plans
create materialized view many_tariffs as select name from all_tariffs;
create index many_index on many_tariffs (name);
-- dbsync: renamed from cost
create function price(p tariffs) returns integer language sql as 'select 1';
-- dbsync: renamed from act
create procedure run(i integer) language sql as 'select 1';
-- dbsync: renamed from summed
create aggregate total (integer) (sfunc = int4pl, stype = integer);
create function t() returns trigger language plpgsql as 'begin return new; end';
-- dbsync: renamed from watch
create trigger fires before insert on tariffs for each row execute function t();
-- dbsync: renamed from mine
create policy who on tariffs using (id > 0);
-- dbsync: renamed from nothing
create rule instead as on delete to subscriptions do instead nothing;
-- dbsync: renamed from words
create text search configuration english2 (copy = simple);
-- dbsync: renamed from easy
create text search dictionary simple2 (template = simple);
-- dbsync: renamed from old_way
create collation posix (locale = 'C');
-- dbsync: renamed from other
create foreign data wrapper fdw2;
-- dbsync: renamed from elsewhere
create server server2 foreign data wrapper fdw2;
-- dbsync: renamed from abroad
create foreign table abroad2 (a integer) server server2;
-- dbsync: renamed from few
create publication all2 for table subscriptions;
create function e() returns event_trigger language plpgsql as 'begin end';
-- dbsync: renamed from on_start
create event trigger on_start2 on ddl_command_start execute function e();
alter event trigger on_start2 disable;
-- dbsync: renamed from integers
create operator family integers2 using btree;
-- dbsync: renamed from int_ops
create operator class int_ops2 for type integer using btree family integers2 as operator 1 <;
