insert into trips values (1, '2020-01-01', 'Rome', 9, '{1}');
