insert into badges values ('a', 'x'), (null, 'y');
