create table guests (id int primary key, email text not null default 'none', phone text, born date);
