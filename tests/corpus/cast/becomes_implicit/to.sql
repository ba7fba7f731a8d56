create type grade as enum ('low', 'high');
create cast (text as grade) with inout as implicit;
