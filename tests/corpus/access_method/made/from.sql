create table books (title text);
