create extension citext;
create extension pg_trgm;
create table words (w citext);
create index words_alike on words using gin (w gin_trgm_ops);
