insert into tickets (seat) values ('a'), ('b');
insert into seats (name) values ('c');
delete from tickets;
