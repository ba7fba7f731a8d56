insert into tasks values (1, 'new'), (2, 'done');
