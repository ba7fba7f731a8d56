insert into pages values ('/', 'hello');
