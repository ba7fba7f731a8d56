create function absolute(int, int) returns int language sql immutable as 'select btint4cmp(abs($1), abs($2))';
create table depths (m int);
