create table codes (code varchar(12) not null default 'x', note varchar(40));
create view all_codes as select code from codes;
comment on view all_codes is 'Each code';
grant select on all_codes to dbsync_reader;
