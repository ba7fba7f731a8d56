insert into flats values ('Bonn', 53, 2);
