insert into sales values ('2020-01-01', 5);
