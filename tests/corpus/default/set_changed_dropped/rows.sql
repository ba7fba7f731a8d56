insert into forms values (5, 'y', null, null);
