create foreign data wrapper pigeon;
create server loft foreign data wrapper pigeon;
