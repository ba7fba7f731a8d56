create foreign data wrapper pigeon;
create server loft foreign data wrapper pigeon;
create foreign table letters (id int options (spelt 'no') not null, body text default 'dear', constraint positive check (id > 0)) server loft options (cage '4');
comment on foreign table letters is 'By air';
grant select on letters to dbsync_reader;
