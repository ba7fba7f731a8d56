create table diaries (owner text, body text);
