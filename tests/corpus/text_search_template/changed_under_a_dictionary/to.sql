create text search template plain (lexize = dsimple_lexize);
create text search dictionary words (template = plain);
