insert into depths values (3), (-3);
