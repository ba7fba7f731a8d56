create table a (one integer);
create table b (two integer);
create table first (left_ integer, right_ text, of_a integer);
create table second (here boolean);
create type size as enum ('small', 'large', 'huge');
