insert into cards values ('Ann');
