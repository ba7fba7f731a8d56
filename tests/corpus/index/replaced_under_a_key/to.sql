create table trips (id int not null, code text, constraint trips_code unique (code));
