create table trips (id int not null, code text);
create unique index trips_code on trips (code);
