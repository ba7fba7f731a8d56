insert into seats values (1, null, null);
