insert into towns values ('12');
