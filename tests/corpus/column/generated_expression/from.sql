create table boxes (w int, h int, area int generated always as (w * h) stored);
create index boxes_area on boxes (area);
comment on column boxes.area is 'In squares';
