create materialized view ones as select 1 as a;
