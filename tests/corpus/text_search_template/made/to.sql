create schema search;
create text search template search.plain (init = dsimple_init, lexize = dsimple_lexize);
comment on text search template search.plain is 'As simple';
create text search dictionary search.words (template = search.plain);
