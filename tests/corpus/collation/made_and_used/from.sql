create table names (spelt text);
