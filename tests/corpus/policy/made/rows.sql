insert into diaries values ('a', 'b');
