create table lots (price int constraint not_free check (price > 10), size int check (size between 1 and 5), name text);
