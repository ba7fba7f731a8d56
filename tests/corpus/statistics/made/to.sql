create table flats (town text, zip text, rooms int);
create statistics flats_towns (dependencies, mcv) on town, zip from flats;
create statistics flats_rooms on (rooms / 2), town from flats;
alter statistics flats_towns set statistics 300;
comment on statistics flats_towns is 'They go together';
