insert into tickets values (1, 'a'), (2, 'b');
