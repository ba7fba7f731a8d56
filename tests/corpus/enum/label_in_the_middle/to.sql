create type stage as enum ('new', 'busy', 'done', 'gone');
create table tasks (id int primary key, stage stage not null default 'new');
create index open_tasks on tasks (id) where stage = 'new';
