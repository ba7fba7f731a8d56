create procedure clean(days int) language plpgsql as 'begin end';
comment on procedure clean is 'Cleans';
