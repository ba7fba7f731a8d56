create foreign data wrapper pigeon;
create server loft type 'wood' version '1' foreign data wrapper pigeon options (town 'Graz', door 'left');
comment on server loft is 'Up there';
grant usage on foreign server loft to dbsync_reader;
