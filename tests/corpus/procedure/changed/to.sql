create procedure clean(days int, inout removed int default 0) language plpgsql security definer set search_path = '' as 'begin removed := days; end';
grant execute on procedure clean to dbsync_writer;
