create table kept (id int primary key);
create unlogged table fresh (id int generated always as identity primary key, kept_id int not null references kept, name text collate "C" default 'x' check (name <> ''), unique (kept_id, name)) with (fillfactor = 80);
create view news as select id from fresh;
comment on table fresh is 'New';
