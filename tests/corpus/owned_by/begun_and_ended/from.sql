create sequence numbers;
create table slips (a int, b int);
