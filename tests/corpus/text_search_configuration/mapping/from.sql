create text search configuration plain (copy = simple);
create table pages (body text);
create index pages_words on pages using gin (to_tsvector('plain', body));
