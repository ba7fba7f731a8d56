create table flats (town text, zip text, rooms int);
