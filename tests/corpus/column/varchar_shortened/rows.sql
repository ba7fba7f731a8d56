insert into codes values ('abc', 'short');
