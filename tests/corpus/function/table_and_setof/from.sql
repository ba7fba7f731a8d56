create table rooms (id int primary key, beds int);
create function large(minimum int) returns setof rooms language sql stable as 'select * from rooms where beds >= minimum';
create function sizes() returns table (beds int) language sql stable as 'select beds from rooms';
