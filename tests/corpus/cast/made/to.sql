create type point3 as (x int, y int, z int);
create function flat(point3) returns point language sql immutable as $$ select point($1.x, $1.y) $$;
create cast (point3 as point) with function flat(point3) as assignment;
comment on cast (point3 as point) is 'Loses the height';
create view origin as select row(0, 0, 7)::point3::point as place;
