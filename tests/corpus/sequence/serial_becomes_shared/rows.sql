insert into tickets (seat) values ('a'), ('b'), ('c');
delete from tickets where id > 1;
select setval('seats_id_seq', 70);
