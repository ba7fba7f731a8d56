create domain zip as text constraint digits check (value ~ '^[0-9 ]+$') constraint short check (length(value) < 9);
create table towns (code zip);
