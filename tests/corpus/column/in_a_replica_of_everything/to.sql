create table wide (a bigint, b varchar(30), c timestamp, d numeric(10, 3), e boolean not null default false, f bigint[] default '{}');
