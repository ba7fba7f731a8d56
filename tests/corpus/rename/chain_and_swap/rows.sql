insert into a values (1);
insert into b values (2);
insert into first values (3, 'three', 4);
insert into second values (true);
