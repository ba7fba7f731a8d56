insert into visits_2020 values ('2020-05-05', 'a');
insert into visits_2021 values ('2021-05-05', 'b');
