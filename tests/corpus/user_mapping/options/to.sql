create foreign data wrapper pigeon;
create server loft foreign data wrapper pigeon;
create user mapping for dbsync_reader server loft options (ring 'blue', age '3');
