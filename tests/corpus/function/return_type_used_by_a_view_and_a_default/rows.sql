insert into parts values (1, 'z');
