create table pages (url text compression pglz, body text);
alter table pages alter body set storage external, alter url set statistics 250, alter url set (n_distinct = -0.5);
