create type stage as enum ('new', 'busy', 'done');
create table tasks (id int primary key, stage stage not null default 'busy');
create index open_tasks on tasks (id) where stage in ('new', 'busy');
create view busy_tasks as select id from tasks where stage = 'busy';
