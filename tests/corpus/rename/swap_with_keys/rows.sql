insert into x (n) values ('one'), ('two');
insert into y (m) values (3);
