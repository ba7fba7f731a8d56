"""Which functions only compute from their arguments, and which ones an expression calls: as SQL over the catalogs."""

_STABLE = (
    *("age", "date_add", "date_part", "date_subtract", "date_trunc", "extract", "make_timestamptz", "overlaps"),
    *("now", "statement_timestamp", "transaction_timestamp", "timestamptz", "timezone", "to_char", "to_date"),
    *("to_number", "to_timestamp", "array_to_string", "concat", "concat_ws", "format", "length", "quote_literal"),
    *("quote_nullable", "to_json", "to_jsonb", "json_build_array", "json_build_object", "jsonb_build_array"),
    *(
        "jsonb_build_object",
        "array_to_json",
        "row_to_json",
        "enum_first",
        "enum_last",
        "enum_range",
        "xml_is_well_formed",
    ),
    *("to_tsvector", "to_tsquery", "plainto_tsquery", "phraseto_tsquery", "websearch_to_tsquery"),
    *("json_to_tsvector", "jsonb_to_tsvector"),
)
"""The stable functions that read nothing but their arguments and settings of the format. Others read tables, files or
the server's settings (table_to_xml), or run what a text says (ts_stat)."""

_EXTENSIONS = (
    *("btree_gin", "btree_gist", "citext", "cube", "fuzzystrmatch", "hstore", "intarray", "isn", "ltree", "pg_trgm"),
    *("pgcrypto", "postgis", "seg", "uuid-ossp", "vector"),
)
"""Extensions whose immutable functions in C only compute. There are others: some read the table that a text names."""

HARMLESS = f"""
    case when p.oid < 16384 then p.pronamespace = 'pg_catalog'::pg_catalog.regnamespace and p.provolatile <> 'v'
        -- Functions of input and output take any type by its oid.
        and not p.proargtypes::oid[] && '{{cstring,internal}}'::pg_catalog.regtype[]::oid[]
        and (p.provolatile = 'i' or p.proname = any ('{{{",".join(_STABLE)}}}')
             or exists (select from pg_catalog.pg_operator o where o.oprcode = p.oid and o.oid < 16384)
             or exists (select from pg_catalog.pg_cast c where c.castfunc = p.oid and c.oid < 16384))
    else p.provolatile = 'i' and exists (
        select from pg_catalog.pg_depend e
        join pg_catalog.pg_extension x on e.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
            and x.oid = e.refobjid
        join pg_catalog.pg_language l on l.oid = p.prolang and l.lanname in ('c', 'internal')
        join pg_catalog.pg_roles r on r.oid = p.proowner and r.rolsuper
        where e.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and e.objid = p.oid and e.deptype = 'e'
          and x.extname = any ('{{{",".join(_EXTENSIONS)}}}')) end
"""
"""Whether a function `p` only computes from its arguments."""

# The functions of an expression stand in its stored tree, and those that are not PostgreSQL's own in pg_depend.
IN_TREE = r"""
    select (m.found)[1]::oid from pg_catalog.regexp_matches({0},
        ':(?:funcid|opfuncid|hashfuncid|negfuncid|aggfnoid|winfnoid) ([1-9]\d*)', 'g') m (found)
    union
    select o.oprcode::oid from pg_catalog.regexp_matches({0},
        ':(?:opno|eqop|sortop) ([1-9]\d*)', 'g') m (found) join pg_catalog.pg_operator o on o.oid = (m.found)[1]::oid
"""
DEPENDS = """
    select coalesce(o.oprcode::oid, d.refobjid)
    from pg_catalog.pg_depend d
    left join pg_catalog.pg_operator o
        on d.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass and o.oid = d.refobjid
    where d.classid = {0} and d.objid = {1}
      and d.refclassid in ('pg_catalog.pg_proc'::pg_catalog.regclass, 'pg_catalog.pg_operator'::pg_catalog.regclass)
"""
