insert into people values (7);
insert into lots values (1, 7);
