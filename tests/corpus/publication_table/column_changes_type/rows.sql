insert into news values (6, 'x');
