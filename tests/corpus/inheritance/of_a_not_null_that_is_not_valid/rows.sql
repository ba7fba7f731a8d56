insert into valid values (1, 2);
