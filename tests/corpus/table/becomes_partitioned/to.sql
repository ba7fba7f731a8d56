create table visits (day date not null, who text) partition by range (day);
create table visits_all partition of visits default;
create view guests as select distinct who from visits;
