create table sales (day date, cents int);
create materialized view months as select date_trunc('month', day) as month, sum(cents) as cents, count(*) as sales from sales group by 1;
create unique index months_month on months (month);
comment on materialized view months is 'By month';
comment on column months.cents is 'In all';
grant select on months to dbsync_reader;
create view best as select max(cents) as cents from months;
grant select on best to dbsync_reader;
