insert into posts values (1, 'x');
