insert into lots values (3);
