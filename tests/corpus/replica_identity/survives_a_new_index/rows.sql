insert into notes values (1, 1, 'x');
