insert into animals values ('ant', 6);
insert into dogs (name, legs) values ('Rex', 4);
