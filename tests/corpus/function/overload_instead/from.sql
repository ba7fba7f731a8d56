create function norm(t text) returns text language sql immutable as 'select lower(t)';
create function stamp() returns trigger language plpgsql as 'begin return new; end';
create domain word as text check (norm(value) <> 'bad') default norm('Z');
create table users (
    id int primary key,
    mail text default norm('X') check (norm(mail) <> ''),
    plain text generated always as (norm(mail)) stored
);
create unique index users_mail on users (norm(mail));
create view mails as select norm(mail) as mail from users;
create materialized view counted as select norm(mail) as mail, count(*) from mails group by 1;
alter table users enable row level security;
create policy own on users using (norm(mail) = 'x');
create trigger stamp before insert on users for each row when (norm(new.mail) <> 'q') execute function stamp();
create function caller() returns text begin atomic select norm('q'); end;
