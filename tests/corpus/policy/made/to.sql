create table diaries (owner text, body text);
alter table diaries enable row level security, force row level security;
create policy readers on diaries for select to dbsync_reader, dbsync_writer using (owner = current_user);
create policy never on diaries as restrictive for delete using (false);
