create table "Tree" (id int, "parent id" int);
create recursive view "Depth" (id, depth) as select id, 0 from "Tree" where "parent id" is null union all select c.id, depth + 1 from "Tree" c join "Depth" p on c."parent id" = p.id;
create view "Select" as select 1 as "from", 'it''s'::text as "Two words";
