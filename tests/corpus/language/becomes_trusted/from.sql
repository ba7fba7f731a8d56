create function handler() returns language_handler language c as '$libdir/plpgsql', 'plpgsql_call_handler';
create language short handler handler;
create function one() returns int language short as 'begin return 1; end';
