create table diaries (owner text, body text, level int);
alter table diaries enable row level security;
create policy readers on diaries for select to public using (owner = session_user);
create policy writers on diaries for update using (level > 1);
create policy limit_all on diaries as restrictive using (true);
