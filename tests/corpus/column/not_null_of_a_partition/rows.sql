insert into events values ('2019-01-01', 'a');
insert into child values (1);
