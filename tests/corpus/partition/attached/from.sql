create table visits (day date not null, who text) partition by range (day);
create table visits_2020 (day date not null, who text);
create table visits_2021 partition of visits for values from ('2021-01-01') to ('2022-01-01');
