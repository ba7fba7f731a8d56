insert into boxes (w, h) values (2, 3);
