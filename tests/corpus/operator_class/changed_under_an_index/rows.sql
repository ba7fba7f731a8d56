insert into depths values (3);
