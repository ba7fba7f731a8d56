insert into tickets (seat) values ('a'), ('b'), ('c');
delete from tickets where id > 1;
