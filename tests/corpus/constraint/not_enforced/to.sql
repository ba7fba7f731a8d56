create table lots (price int constraint not_free check (price > 0) not enforced);
