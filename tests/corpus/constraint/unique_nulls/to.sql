create table badges (code text unique nulls not distinct, holder text constraint one_each unique deferrable);
