insert into visits values ('2020-05-05', 'a'), ('2023-05-05', 'b');
