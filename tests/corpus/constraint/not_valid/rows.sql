insert into lots values (0, 7);
