insert into towns values ('{1,2}', row('x', '3'), 'y');
