insert into draws values (1, '2020-01-01');
