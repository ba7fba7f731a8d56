create table news (id bigint primary key, text text);
create publication feed for table news where (id > 5);
create publication columns for table news (id);
