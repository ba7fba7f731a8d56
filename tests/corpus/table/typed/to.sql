create type pair as (a int, b text);
create table pairs of pair (a primary key);
