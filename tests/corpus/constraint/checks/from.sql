create table lots (price int constraint not_free check (price > 0), size int, name text check (name <> ''));
