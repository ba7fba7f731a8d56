create table kept (a int);
create table calls (country text, number int, primary key (country, number)) partition by list (country);
create table calls_at partition of calls for values in ('at', 'ch') partition by hash (number);
create table calls_at_0 partition of calls_at for values with (modulus 2, remainder 0);
create table calls_at_1 partition of calls_at for values with (modulus 2, remainder 1);
create table calls_rest partition of calls default;
create index calls_number on calls (number);
create function noted() returns trigger language plpgsql as 'begin return new; end';
create trigger noted after insert on calls for each row execute function noted();
