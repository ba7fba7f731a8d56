create domain zip as text constraint digits check (value ~ '^[0-9]+$');
create table towns (code zip);
