create procedure clean(days int default 3) language plpgsql as 'begin commit; end';
comment on procedure clean is 'Cleans';
create procedure clean(everything boolean) language sql as 'select 1';
