insert into bookings values ('(1,1),(0,0)', '[1,2)');
