create table visits (day date not null, who text) partition by range (day);
create table visits_old partition of visits for values from (minvalue) to ('2021-01-01');
create table visits_rest partition of visits default;
