"""Operators and support functions of operator classes and families, as PostgreSQL ties them to one or the other."""

_CATALOGS = {"class": "pg_opclass", "family": "pg_opfamily"}


def members(owner: str) -> str:
    """A query of those tied to a "class" or, loose, to a "family".

    It gives, for each `owner`, `slots` ("OPERATOR 1 (integer, bigint)", as ALTER … DROP names them), `members` (as
    CREATE and ALTER … ADD name them) and `requires` (kind and path of each).
    """
    catalog = _CATALOGS[owner]
    return f"""
        select m.owner,
               array_agg(m.slot order by m.word desc, m.number, m.slot) as slots,
               array_agg(m.member order by m.word desc, m.number, m.slot) as members,
               array_agg(m.path order by m.word desc, m.number, m.slot) as requires
        from (
            select d.refobjid as owner, 'OPERATOR' as word, o.amopstrategy::int as number,
                   format('OPERATOR %s (%s, %s)', o.amopstrategy, pg_catalog.format_type(o.amoplefttype, null),
                          pg_catalog.format_type(o.amoprighttype, null)) as slot,
                   format('OPERATOR %s %s', o.amopstrategy, o.amopopr::regoperator)
                   || coalesce(' FOR ORDER BY ' || quote_ident(sn.nspname) || '.' || quote_ident(s.opfname), '')
                   as member,
                   array['operator', n.nspname, p.oprname,
                         format('(%s, %s)', coalesce(pg_catalog.format_type(nullif(p.oprleft, 0), null), 'NONE'),
                                pg_catalog.format_type(p.oprright, null))]::text[] as path
            from pg_catalog.pg_depend d
            join pg_catalog.pg_amop o on o.oid = d.objid
            join pg_catalog.pg_operator p on p.oid = o.amopopr
            join pg_catalog.pg_namespace n on n.oid = p.oprnamespace
            left join pg_catalog.pg_opfamily s on s.oid = o.amopsortfamily
            left join pg_catalog.pg_namespace sn on sn.oid = s.opfnamespace
            where d.classid = 'pg_catalog.pg_amop'::regclass and d.refclassid = 'pg_catalog.{catalog}'::regclass
            union all
            select d.refobjid, 'FUNCTION', f.amprocnum::int,
                   format('FUNCTION %s (%s, %s)', f.amprocnum, pg_catalog.format_type(f.amproclefttype, null),
                          pg_catalog.format_type(f.amprocrighttype, null)),
                   format('FUNCTION %s (%s, %s) %s', f.amprocnum, pg_catalog.format_type(f.amproclefttype, null),
                          pg_catalog.format_type(f.amprocrighttype, null), f.amproc::regprocedure),
                   array['function', n.nspname, p.proname,
                         '(' || pg_catalog.oidvectortypes(p.proargtypes) || ')']::text[]
            from pg_catalog.pg_depend d
            join pg_catalog.pg_amproc f on f.oid = d.objid
            join pg_catalog.pg_proc p on p.oid = f.amproc
            join pg_catalog.pg_namespace n on n.oid = p.pronamespace
            where d.classid = 'pg_catalog.pg_amproc'::regclass and d.refclassid = 'pg_catalog.{catalog}'::regclass
        ) m
        group by m.owner
    """
