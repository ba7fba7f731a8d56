create table tasks (id int primary key, stage text default 'new');
