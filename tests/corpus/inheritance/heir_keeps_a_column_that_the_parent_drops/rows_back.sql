insert into p values (1);
insert into a values (2, 20);
insert into b values (3);
insert into aa values (4, 40);
