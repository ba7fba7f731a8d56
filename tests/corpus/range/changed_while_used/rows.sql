insert into heights values (1, '[1,2]');
