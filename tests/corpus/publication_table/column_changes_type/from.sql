create table news (id int primary key, text text);
create publication feed for table news where (id > 5);
create publication columns for table news (id);
