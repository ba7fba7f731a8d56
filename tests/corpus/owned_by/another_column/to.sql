create table slips (a int, b int);
create sequence numbers owned by slips.b;
