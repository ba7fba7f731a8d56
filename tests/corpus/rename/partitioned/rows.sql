insert into events (at, what) values ('2019-01-01', 'a'), ('2021-01-01', 'b');
