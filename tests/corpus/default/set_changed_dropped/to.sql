create table forms (a int default 2, b text, c date default current_date, d uuid default gen_random_uuid());
