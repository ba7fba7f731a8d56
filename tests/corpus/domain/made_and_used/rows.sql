insert into pets (name) values ('Rex');
