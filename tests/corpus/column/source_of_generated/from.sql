create table boxes (w int, h int, area bigint generated always as (w * h) stored);
