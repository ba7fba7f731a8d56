create text search configuration plain (copy = english);
alter text search configuration plain drop mapping for email, url;
create table pages (body text);
create index pages_words on pages using gin (to_tsvector('plain', body));
