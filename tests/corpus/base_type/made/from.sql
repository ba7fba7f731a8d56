create table letters (body text);
