insert into people values (1, row('a', row('b c', 2)), array[row('d', row('e', null))::person]);
