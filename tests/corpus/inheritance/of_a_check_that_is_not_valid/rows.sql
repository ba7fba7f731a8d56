insert into one values (1, 2);
