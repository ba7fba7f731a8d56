create foreign data wrapper pigeon;
create server loft foreign data wrapper pigeon;
create foreign table letters (id bigint options (spelt 'nr'), body text, sent date) server loft options (cage '5');
create view bodies as select body from letters;
