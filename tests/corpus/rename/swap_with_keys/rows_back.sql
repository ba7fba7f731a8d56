insert into x (m) values (3);
insert into y (n) values ('one'), ('two');
