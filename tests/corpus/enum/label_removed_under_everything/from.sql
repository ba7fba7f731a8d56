create type stage as enum ('new', 'odd', 'done');
create table tasks (id int primary key, stage stage default 'new', seen stage[] default '{new}', check (stage <> 'done' or id > 0));
create view done_tasks as select id from tasks where stage = 'done';
grant select on done_tasks to dbsync_reader;
create function next(stage) returns stage language sql as $$ select 'done'::stage $$;
alter table tasks enable row level security;
create policy fresh on tasks using (stage = 'new');
