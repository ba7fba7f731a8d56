create table visits (day date not null, who text);
create view guests as select distinct who from visits;
