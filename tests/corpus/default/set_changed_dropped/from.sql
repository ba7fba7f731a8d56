create table forms (a int default 1, b text default 'x', c date, d uuid);
