insert into heights values (1.5);
