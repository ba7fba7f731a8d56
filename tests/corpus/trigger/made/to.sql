create table items (id int, name text, changed timestamptz);
create function stamp() returns trigger language plpgsql as 'begin new.changed := now(); return new; end';
create function audit() returns trigger language plpgsql as 'begin return null; end';
create trigger stamp before update of name on items for each row when (old.name is distinct from new.name) execute function stamp('a', 'b''c');
create trigger audit after update on items referencing old table as before new table as after for each statement execute function audit();
create constraint trigger later after insert on items deferrable initially deferred for each row execute function audit();
comment on trigger stamp on items is 'Keeps the time';
