create type stage as enum ('new', 'done');
create table tasks (id int primary key, stage stage default 'new');
