create table t (a int);
revoke delete, truncate on t from current_user;
