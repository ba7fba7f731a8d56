create schema "Back office";
create schema store;
create table public.here (a int);
create table store.here (a int primary key);
create table "Back office"."Files" ("Name" text, "order" int references store.here);
