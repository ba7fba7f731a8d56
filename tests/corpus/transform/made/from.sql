create type pair as (a int, b int);
create function pair_in(internal) returns internal language internal strict immutable as 'array_typanalyze';
