insert into shelves values (1, 1);
insert into boxes values (1, 1, 'a');
