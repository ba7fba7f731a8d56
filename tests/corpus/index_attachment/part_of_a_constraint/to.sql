create table calls (id integer not null, region text not null) partition by list (region);
create table calls_eu partition of calls for values in ('eu');
create table calls_us partition of calls for values in ('us');
alter table calls add constraint calls_key unique (region, id);
create table bills (region text, call integer, foreign key (region, call) references calls_eu (region, id));
