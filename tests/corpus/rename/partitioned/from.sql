-- dbsync: renamed from facts
create table events (
    id bigint generated always as identity,
    at date not null, -- dbsync: renamed from happened
    what text check (what <> ''),
    primary key (id, at)
) partition by range (at);
-- dbsync: renamed from facts_old
create table events_old partition of events for values from (minvalue) to ('2020-01-01');
create table events_new partition of events for values from ('2020-01-01') to (maxvalue);
create index on events (what);
