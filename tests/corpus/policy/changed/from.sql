create table diaries (owner text, body text, level int);
alter table diaries enable row level security, force row level security;
create policy readers on diaries for select to dbsync_reader using (owner = current_user);
create policy writers on diaries for update using (level > 1) with check (level > 0);
create policy limit_all on diaries as permissive using (true);
