insert into notes values (1, 1, 'a'), (2, 40, 'b');
