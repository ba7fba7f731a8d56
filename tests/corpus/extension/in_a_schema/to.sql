create schema tools;
create extension hstore schema tools;
comment on extension hstore is 'Pairs';
