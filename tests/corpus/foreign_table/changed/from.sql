create foreign data wrapper pigeon;
create server loft foreign data wrapper pigeon;
create foreign table letters (id int options (spelt 'no'), body text) server loft options (cage '4', seed 'corn');
create view bodies as select body from letters;
