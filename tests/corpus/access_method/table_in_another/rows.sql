insert into books values ('Emma'), ('Persuasion');
