create table "Tree" (id int, "parent id" int);
