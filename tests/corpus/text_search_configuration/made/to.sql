create schema search;
create text search configuration search.plain (copy = simple);
alter text search configuration search.plain alter mapping for word, asciiword with english_stem, simple;
alter text search configuration search.plain drop mapping for url;
comment on text search configuration search.plain is 'For pages';
create table search.pages (body text, words tsvector generated always as (to_tsvector('search.plain', body)) stored);
