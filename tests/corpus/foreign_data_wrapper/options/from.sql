create extension postgres_fdw;
create foreign data wrapper pigeon options (speed 'slow', colour 'grey');
