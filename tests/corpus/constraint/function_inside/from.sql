create table emails (address text);
