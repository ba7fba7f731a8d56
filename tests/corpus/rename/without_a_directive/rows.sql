insert into t values (1, 2, 'a', 3, 1);
