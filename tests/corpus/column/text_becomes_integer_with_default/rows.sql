insert into counters values ('a', '12'), ('b', '7');
