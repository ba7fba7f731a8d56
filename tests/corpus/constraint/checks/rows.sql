insert into lots values (20, 2, 'one');
