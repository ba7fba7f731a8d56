insert into tariffs values (1, 'a');
insert into subs values (1);
