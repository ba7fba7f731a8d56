create foreign data wrapper pigeon;
