create schema search;
create text search dictionary search.stems (template = snowball, language = 'dutch', stopwords = 'dutch');
comment on text search dictionary search.stems is 'Dutch';
