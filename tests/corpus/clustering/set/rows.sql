insert into visits values (2, '2020-01-01'), (1, '2021-01-01');
