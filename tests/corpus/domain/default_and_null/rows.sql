insert into pets values ('Rex', 5);
