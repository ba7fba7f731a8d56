insert into towns values ('123');
