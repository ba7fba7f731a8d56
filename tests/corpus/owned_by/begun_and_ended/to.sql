create table slips (a int, b int);
create sequence numbers owned by slips.b;
alter table slips alter b set default nextval('numbers');
