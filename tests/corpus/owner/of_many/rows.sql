insert into s.t values (1);
