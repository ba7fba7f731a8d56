insert into tickets (seat) values ('a');
