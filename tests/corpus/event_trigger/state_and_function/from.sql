create function watch() returns event_trigger language plpgsql as 'begin end';
create function look() returns event_trigger language plpgsql as 'begin end';
create event trigger watching on sql_drop execute function watch();
create event trigger looking on ddl_command_start execute function look();
