create procedure run(a int) language plpgsql as 'begin end';
