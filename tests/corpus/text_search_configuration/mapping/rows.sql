insert into pages values ('some words');
