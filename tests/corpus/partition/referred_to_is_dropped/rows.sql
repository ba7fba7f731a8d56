insert into places values (1, 1), (2, 2);
insert into seats values (1, 1, 1), (2, 2, 2);
insert into staff values (1, null), (2, 1), (3, 2);
