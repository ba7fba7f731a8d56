create schema code;
create function code.handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create trusted language short handler code.handler;
comment on language short is 'By another name';
grant usage on language short to dbsync_reader;
create function code.one() returns int language short as 'begin return 1; end';
