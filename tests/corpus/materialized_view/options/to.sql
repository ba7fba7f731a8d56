create materialized view ones with (fillfactor = 60) as select 1 as a with no data;
alter materialized view ones alter a set statistics 40;
