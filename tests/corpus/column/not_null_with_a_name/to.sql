create table pages (url text constraint url_is_known not null, body text);
