-- dbsync: renamed from y
create table x (id serial primary key, m integer not null check (m > 0));
-- dbsync: renamed from x
create table y (id serial primary key, n text not null unique);
