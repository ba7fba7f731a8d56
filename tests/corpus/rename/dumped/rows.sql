insert into plans values (1, 'a');
insert into subs values (1);
