insert into plans (name, feeling, code, at, during)
values ('a', 'sad', '1', row('x', 'y'), spans('2020-01-01', '2020-02-01')), ('b', 'happy', '2', null, null);
insert into subs values (1), (2);
