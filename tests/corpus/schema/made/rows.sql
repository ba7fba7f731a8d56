insert into public.here values (1);
