create table items (id int, name text);
create view shown as select id, name from items;
create function put() returns trigger language plpgsql as 'begin return null; end';
create trigger put instead of insert on shown for each row execute function put();
