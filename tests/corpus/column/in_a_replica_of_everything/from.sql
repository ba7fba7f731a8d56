create table wide (a int, b text, c date, d numeric(6, 2), e boolean, f int[]);
