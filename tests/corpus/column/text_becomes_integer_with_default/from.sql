create table counters (name text primary key, hits text default '0');
