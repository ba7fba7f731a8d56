create operator family sizes using btree;
