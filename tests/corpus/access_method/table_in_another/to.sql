create access method shelf type table handler heap_tableam_handler;
create table books (title text) using shelf;
