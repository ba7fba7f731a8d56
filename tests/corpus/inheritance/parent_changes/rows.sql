insert into animals (name, legs) values ('ant', 6);
insert into house_dogs (name, legs, owner) values ('Rex', 4, 'Ann');
