create table places (id bigint, area bigint, primary key (id, area)) partition by list (area);
create table places_north partition of places for values in (1);
create table places_rest partition of places for values in (2, 3) partition by list (area);
create table places_two partition of places_rest for values in (2);
create table seats (id integer primary key, place bigint, area bigint, foreign key (place, area) references places);
