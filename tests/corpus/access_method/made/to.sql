create access method shelf type table handler heap_tableam_handler;
comment on access method shelf is 'As heap, under a name of ours';
create table books (title text);
create table scrolls (title text) using shelf;
