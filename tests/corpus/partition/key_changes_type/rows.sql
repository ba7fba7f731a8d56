insert into people values (1);
insert into calls values (1, 1, 1), (2, 1, 2);
