create function watch() returns event_trigger language plpgsql as 'begin end';
create event trigger watching on ddl_command_end when tag in ('CREATE TABLE', 'DROP TABLE') execute function watch();
comment on event trigger watching is 'Says nothing';
create table seen (a int);
