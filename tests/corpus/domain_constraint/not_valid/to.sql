create domain zip as text;
create table towns (code zip);
alter domain zip add constraint short check (length(value) < 3) not valid;
