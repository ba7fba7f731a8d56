create table bookings (room box, during int4range);
