create sequence numbers increment by 3 minvalue -10 maxvalue 1000 start with 7 cache 4 cycle;
create sequence small as integer;
comment on sequence numbers is 'Threes';
grant usage on sequence numbers to dbsync_reader;
