insert into tariffs (title, feels, code, at, during)
values ('a', 'rather blue', '1', row('x', 'y'), periods('2020-01-01', '2020-02-01')), ('b', 'Great', '2', null, null);
insert into subscriptions values (1), (2);
