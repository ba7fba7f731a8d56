create procedure clean(days int) language plpgsql as 'begin end';
grant execute on procedure clean to dbsync_writer;
