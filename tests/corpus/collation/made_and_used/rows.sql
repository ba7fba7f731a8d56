insert into names values ('b'), ('A');
