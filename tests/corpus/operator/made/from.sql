create function near(int, int) returns boolean language sql immutable as 'select abs($1 - $2) < 3';
