create schema s;
create type s.later;
comment on type s.later is 'To be defined';
