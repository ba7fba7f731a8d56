create table public.here (a int);
