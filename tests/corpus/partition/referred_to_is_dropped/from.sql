create table places (id integer, area integer, primary key (id, area)) partition by list (area);
create table places_north partition of places for values in (1);
create table places_rest partition of places for values in (2, 3) partition by list (area);
create table places_two partition of places_rest for values in (2);
create table seats (id integer primary key, place integer, area integer, foreign key (place, area) references places);
create table staff (id integer primary key, boss integer references staff) partition by hash (id);
create table staff_even partition of staff for values with (modulus 2, remainder 0);
create table staff_odd partition of staff for values with (modulus 2, remainder 1);
