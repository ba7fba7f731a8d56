insert into tasks values (1, 'new', '{new,done}'), (2, 'done', null);
