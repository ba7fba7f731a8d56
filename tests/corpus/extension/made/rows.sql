insert into words values ('Aha');
