insert into unrelated values (1);
