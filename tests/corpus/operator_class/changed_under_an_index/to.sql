create function absolute(int, int) returns int language sql immutable as 'select btint4cmp(abs($1), abs($2))';
create function reverse(int, int) returns int language sql immutable as 'select btint4cmp($2, $1)';
create table depths (m int);
create operator class by_size for type int using btree as operator 1 >, operator 2 >=, operator 3 =, operator 4 <=, operator 5 <, function 1 reverse(int, int);
create index depths_m on depths (m by_size);
