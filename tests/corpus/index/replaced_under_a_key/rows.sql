insert into trips values (1, 'x');
