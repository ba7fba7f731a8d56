create foreign data wrapper pigeon;
create server loft type 'wood' version '1' foreign data wrapper pigeon options (town 'Graz', door 'left');
create foreign table letters (a int) server loft;
