create type pair as (a int, b int);
create function pair_in(internal) returns internal language internal strict immutable as 'array_typanalyze';
create transform for pair language plpgsql (from sql with function pair_in(internal));
comment on transform for pair language plpgsql is 'Never used';
