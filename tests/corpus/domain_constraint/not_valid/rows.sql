insert into towns values ('1234');
