-- dbsync: renamed from events
create table facts (
    id bigint generated always as identity,
    happened date not null, -- dbsync: renamed from at
    what text check (what <> ''),
    primary key (id, happened)
) partition by range (happened);
-- dbsync: renamed from events_old
create table facts_old partition of facts for values from (minvalue) to ('2020-01-01');
create table events_new partition of facts for values from ('2020-01-01') to (maxvalue);
create index on facts (what);
