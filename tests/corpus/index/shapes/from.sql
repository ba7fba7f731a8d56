create table trips (id int, start date, goal text, length int, tags int[]);
create index trips_start on trips (start);
create index trips_goal on trips (goal);
create index trips_length on trips (length) where length > 5;
