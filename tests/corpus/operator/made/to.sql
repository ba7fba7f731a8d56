create function near(int, int) returns boolean language sql immutable as 'select abs($1 - $2) < 3';
create operator ~~~ (leftarg = int, rightarg = int, function = near, commutator = ~~~, restrict = eqsel);
comment on operator ~~~ (int, int) is 'Near';
create view close as select 1 operator(public.~~~) 2 as yes;
