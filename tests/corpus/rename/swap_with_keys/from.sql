create table x (id serial primary key, n text not null unique);
create table y (id serial primary key, m integer not null check (m > 0));
