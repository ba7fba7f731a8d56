create table events (at date, what text) partition by range (at);
create table events_old partition of events for values from (minvalue) to ('2020-01-01');
create index old_what on events_old (what);
create index events_what on only events (what);
