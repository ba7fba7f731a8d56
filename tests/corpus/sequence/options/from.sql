create sequence numbers;
create sequence small as smallint;
