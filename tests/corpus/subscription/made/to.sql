create table t (a int);
create subscription letters connection 'host=nowhere.invalid dbname=x' publication a, b with (connect = false, slot_name = none);
comment on subscription letters is 'From far away';
