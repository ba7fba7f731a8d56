create table items (id int, name text);
create function a() returns trigger language plpgsql as 'begin return new; end';
create function b() returns trigger language plpgsql as 'begin return new; end';
create trigger one before insert or update on items for each row execute function b();
create trigger two before insert on items for each row execute function a();
create trigger three before insert on items for each row execute function a();
alter table items disable trigger two;
alter table items enable always trigger three;
