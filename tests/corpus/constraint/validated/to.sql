create table people (id int primary key);
create table lots (price int constraint not_free check (price > 0), owner int constraint known references people);
