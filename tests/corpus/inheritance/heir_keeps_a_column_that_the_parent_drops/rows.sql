insert into p (c, e) values (1, 10);
insert into a (c, e) values (2, 20);
insert into b (c, e) values (3, 30);
insert into aa (c, e) values (4, 40);
