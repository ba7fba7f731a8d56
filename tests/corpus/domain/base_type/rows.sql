insert into pets values ('Rex', 50);
