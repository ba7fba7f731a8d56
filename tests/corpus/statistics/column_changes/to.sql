create table flats (town text, zip bigint, rooms int);
create statistics flats_towns (ndistinct, mcv) on town, zip, rooms from flats;
comment on statistics flats_towns is 'They go together';
