insert into wide values (1, 'b', '2020-02-02', 3.14, true, '{1,2}');
