insert into guests (id, phone) values (1, '1'), (2, null);
