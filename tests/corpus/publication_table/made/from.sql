create table news (id int primary key, text text, hidden boolean);
create table ads (id int primary key);
create publication feed for table ads;
