create table boxes (w bigint, h int, area bigint generated always as (w * h) stored);
