create domain zip as text;
create table towns (code zip);
