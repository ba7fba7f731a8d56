insert into diaries values ('a', 'b', 3);
