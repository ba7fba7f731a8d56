create schema far;
create foreign data wrapper pigeon options (speed 'slow');
comment on foreign data wrapper pigeon is 'Letters';
grant usage on foreign data wrapper pigeon to dbsync_reader;
