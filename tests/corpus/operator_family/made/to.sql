create schema sorts;
create operator family sorts.sizes using btree;
comment on operator family sorts.sizes using btree is 'Empty so far';
