create table badges (code text unique, holder text constraint one_each unique);
