create type point3 as (x int, y int, z int);
create function flat(point3) returns point language sql immutable as $$ select point($1.x, $1.y) $$;
