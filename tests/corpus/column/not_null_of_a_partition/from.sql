create table events (at date not null, what text) partition by range (at);
create table old (at date constraint own not null, what text);
alter table events attach partition old for values from (minvalue) to ('2020-01-01');
create index on events (what);
create table parent (a integer not null);
create table child (constraint mine not null a) inherits (parent);
