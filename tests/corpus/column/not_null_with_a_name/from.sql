create table pages (url text, body text not null);
