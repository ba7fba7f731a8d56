create table heights (m float8);
