create table guests (id int primary key, phone text);
