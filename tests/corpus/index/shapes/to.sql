create table trips (id int, start date, goal text, length int, tags int[]);
create unique index trips_start on trips (start desc nulls last, id) include (goal) with (fillfactor = 70);
create index trips_goal on trips using hash (goal);
create index trips_length on trips (length) where length > 7;
create index trips_lower on trips (lower(goal) text_pattern_ops, (length + 1));
create index trips_tags on trips using gin (tags);
comment on index trips_tags is 'For searches';
alter index trips_lower alter column 2 set statistics 300;
