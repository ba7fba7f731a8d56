insert into emails (address) values ('a@b');
