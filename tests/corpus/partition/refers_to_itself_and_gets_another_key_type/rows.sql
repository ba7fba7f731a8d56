insert into staff values (1, null), (2, 1), (3, 2);
