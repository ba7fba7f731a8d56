create table tickets (id int not null, seat text);
