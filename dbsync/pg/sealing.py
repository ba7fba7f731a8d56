"""Native code that a scratch database knows and never runs.

A function in C, in an untrusted language, or in the language `internal` under a signature of its own could do whatever
the account may that runs the server. On a scratch server such a function is in the catalog, but what it points to
cannot be found: its library, or the name of the built-in function, stands behind a path that leads nowhere. Whoever
calls it, whichever way (an operator, a type's input, an index, a foreign table), gets an error. Whoever reads its
definition takes the seal off first.
"""

SEAL = "/dev/null/dbsync-sealed/"
"""Stands before the library or the built-in name of a sealed function."""


RULE = (
    "functions in C or in an untrusted language, and those of extensions that only superusers may make, do not run "
    "while a plan is made"
)
"""What is sealed, in words."""


def unsealed(text: str) -> str:
    """The text of a definition as it was before the seal."""
    return text.replace(SEAL, "")


def refused(message: str) -> str | None:
    """What an error of PostgreSQL's means, where it met a seal."""
    found = message.partition(SEAL)[2].partition('"')[0]
    return f"this would run native code: {found}" if found else None


_BUILT_IN = f"""
    -- What everybody may call anyway.
    select prosrc, array(select pg_catalog.unnest(proargtypes::oid[])) as arguments, prorettype, proretset
    from pg_catalog.pg_proc
    where oid < 16384 and prolang = 12 and pg_catalog.has_function_privilege('public', oid, 'execute')
      and prosrc in (select pg_catalog.replace(prosrc, '{SEAL}', '') from pg_catalog.pg_proc
                     where oid >= 16384 and prolang = 12)"""

# A base type of the file's stands for the built-in type whose input function it reads its values with.
_STANDS_FOR = f"""
    select t.oid as type, b.prorettype as built_in
    from pg_catalog.pg_type t
    join pg_catalog.pg_proc f on f.oid = t.typinput and f.prolang = 12
    join built_in b on b.prosrc = pg_catalog.replace(f.prosrc, '{SEAL}', '')
                   and b.arguments = array(select pg_catalog.unnest(f.proargtypes::oid[]))
    join pg_catalog.pg_type u on u.oid = b.prorettype and u.typtype = 'b'
    where t.oid >= 16384 and t.typtype = 'b'
      and (t.typlen, t.typbyval, t.typalign) = (u.typlen, u.typbyval, u.typalign)
      and t.typelem in (0, u.typelem) and t.typsubscript::oid in (0, u.typsubscript::oid)"""

_LIKE_BUILT_IN = f"""
    select f.oid
    from pg_catalog.pg_proc f
    join built_in b on b.prosrc = pg_catalog.replace(f.prosrc, '{SEAL}', '') and b.proretset = f.proretset
    where f.prolang = 12 and f.oid >= 16384
      and b.prorettype = coalesce((select built_in from stands_for where type = f.prorettype), f.prorettype)
      and b.arguments = array(
          select coalesce(s.built_in, a.type)
          from pg_catalog.unnest(f.proargtypes::oid[]) with ordinality a (type, number)
          left join stands_for s on s.type = a.type
          order by a.number)"""

_SEALED_OF_EXTENSIONS = """
    select p.oid
    from pg_catalog.pg_proc p
    join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and d.objid = p.oid
                               and d.deptype = 'e' and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
    join pg_catalog.pg_extension e on e.oid = d.refobjid
    where p.prolang = 13
      and (
        -- Foreign tables read files, run programs and connect to other servers.
        p.prorettype = 'pg_catalog.fdw_handler'::pg_catalog.regtype
        or p.oid in (select pg_catalog.unnest(array[lanplcallfoid, laninline, lanvalidator])
                     from pg_catalog.pg_language where not lanpltrusted)
        -- The author of a trusted extension promises that its functions do only what their caller may.
        or p.provolatile = 'v'
           and p.prorettype <> all (array['trigger', 'event_trigger', 'internal', 'index_am_handler',
                                          'table_am_handler', 'tsm_handler', 'language_handler']::regtype[])
           and p.oid not in (select fdwvalidator from pg_catalog.pg_foreign_data_wrapper)
           and not exists (select from pg_catalog.pg_type t where p.oid in
               (t.typinput, t.typoutput, t.typreceive, t.typsend, t.typmodin, t.typmodout, t.typanalyze))
           and not exists (select from pg_catalog.pg_available_extension_versions v
                           where v.name = e.extname and v.version = e.extversion and v.trusted)
      )"""

RESEAL = f"""
    with built_in as materialized ({_BUILT_IN}),
    stands_for as materialized ({_STANDS_FOR}),
    free as materialized ({_LIKE_BUILT_IN}),
    member as materialized (
        select objid as oid from pg_catalog.pg_depend
        where classid = 'pg_catalog.pg_proc'::pg_catalog.regclass and deptype = 'e'
    ),
    wanted as materialized (
        select p.oid, p.prolang,
               case when p.oid in (select oid from free) then false
                    when p.oid in (select oid from member) then p.oid in ({_SEALED_OF_EXTENSIONS})
                         -- What became a part of an extension stays what it was.
                         or pg_catalog.starts_with(coalesce(p.probin, p.prosrc), '{SEAL}')
                    else true end as sealed
        from pg_catalog.pg_proc p where p.oid >= 16384 and p.prolang in (12, 13)
    )
    update pg_catalog.pg_proc p
    set prosrc = case when w.prolang = 12 then case when w.sealed then '{SEAL}' else '' end
                      || pg_catalog.replace(p.prosrc, '{SEAL}', '') else p.prosrc end,
        probin = case when w.prolang = 13 then case when w.sealed then '{SEAL}' else '' end
                      || pg_catalog.replace(p.probin, '{SEAL}', '') else p.probin end
    from wanted w
    where w.oid = p.oid
      and w.sealed <> pg_catalog.starts_with(case when w.prolang = 12 then p.prosrc else p.probin end, '{SEAL}')"""
"""Seals what is not sealed yet, and frees what turned out to be a built-in function under another name; a superuser's.

A function in the language `internal` is free where it is called as the built-in one is: with the same types, or with
base types of the file's in the place of those that they read their values as.
"""
