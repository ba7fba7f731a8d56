create table rooms (id int primary key, beds int, view text);
create function large(minimum int) returns setof rooms language sql stable as 'select * from rooms where beds > minimum';
create function sizes() returns table (beds int, rooms bigint) language sql stable rows 20 as 'select beds, count(*) from rooms group by beds';
