create table news (id int primary key, text text);
