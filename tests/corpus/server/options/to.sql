create foreign data wrapper pigeon;
create server loft type 'wood' version '2' foreign data wrapper pigeon options (town 'Linz', floor '3');
create foreign table letters (a int) server loft;
