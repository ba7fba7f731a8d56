insert into slips values (1, 1);
