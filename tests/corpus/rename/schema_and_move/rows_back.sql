insert into sales.people (name) values ('a'), ('b');
