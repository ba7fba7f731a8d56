create function run(a int) returns void language plpgsql as 'begin end';
