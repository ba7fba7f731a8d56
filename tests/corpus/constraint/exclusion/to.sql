create table bookings (room box, during int4range, exclude using gist (room with &&, during with &&) where (not isempty(during)));
