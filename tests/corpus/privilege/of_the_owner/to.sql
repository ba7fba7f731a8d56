create table t (a int);
revoke delete, truncate on t from postgres;
