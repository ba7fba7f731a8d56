create table items (id int, name text, changed timestamptz);
create function stamp() returns trigger language plpgsql as 'begin new.changed := now(); return new; end';
