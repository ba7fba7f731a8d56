create table flats (town text, zip int, rooms int);
create statistics flats_towns (ndistinct) on town, zip from flats;
comment on statistics flats_towns is 'They go together';
