create table counters (name text primary key, hits integer default 0);
