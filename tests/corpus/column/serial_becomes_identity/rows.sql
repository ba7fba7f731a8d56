insert into tickets (seat) values ('a'), ('b'), ('c');
