"""Reads and writes the options of relations and columns, which arrive as PostgreSQL keeps them: `fillfactor=70`."""

import re
from collections.abc import Iterable, Iterator

from dbsync import sql

_SINCE = {"autovacuum_vacuum_max_threshold": 18, "vacuum_max_eager_freeze_failure_rate": 18}

SETTABLE = (
    # Of columns.
    *("n_distinct", "n_distinct_inherited"),
    # Of tables, materialized views and their TOAST tables.
    *("fillfactor", "toast_tuple_target", "parallel_workers", "user_catalog_table", "log_autovacuum_min_duration"),
    *("autovacuum_enabled", "vacuum_index_cleanup", "vacuum_truncate", "vacuum_max_eager_freeze_failure_rate"),
    *("autovacuum_vacuum_threshold", "autovacuum_vacuum_max_threshold", "autovacuum_vacuum_scale_factor"),
    *("autovacuum_vacuum_insert_threshold", "autovacuum_vacuum_insert_scale_factor"),
    *("autovacuum_analyze_threshold", "autovacuum_analyze_scale_factor"),
    *("autovacuum_vacuum_cost_delay", "autovacuum_vacuum_cost_limit"),
    *("autovacuum_freeze_min_age", "autovacuum_freeze_max_age", "autovacuum_freeze_table_age"),
    *("autovacuum_multixact_freeze_min_age", "autovacuum_multixact_freeze_max_age"),
    "autovacuum_multixact_freeze_table_age",
    # Of indexes.
    *(
        "vacuum_cleanup_index_scale_factor",
        "deduplicate_items",
        "buffering",
        "fastupdate",
        "gin_pending_list_limit",
        "pages_per_range",
        "autosummarize",
    ),
    # Of views.
    *("security_barrier", "security_invoker", "check_option"),
)
"""The options that a statement can SET on any supported server, by its own access methods (Storage Parameters of CREATE
TABLE and CREATE INDEX, ALTER TABLE, CREATE VIEW in the manual).

What else stands among the options of a relation is a mark of the server's own, as Debian's `pg_attver`, which every
change of a column moves. That cannot be asked of the live database, which is only read: the tests ask every server
which words it takes.
"""

_NAMES = ", ".join(f"'{name}'" for name in SETTABLE)
_OF_EXTENSIONS = "(select oid from pg_catalog.pg_am where oid >= 16384)"

MARKS = f"""
    select distinct pg_catalog.split_part(o.option, '=', 1) from (
        select pg_catalog.unnest(a.attoptions) from pg_catalog.pg_attribute a
        where a.attoptions is not null and a.attrelid >= 16384
        union all
        select pg_catalog.unnest(c.reloptions) from pg_catalog.pg_class c
        where c.reloptions is not null and c.oid >= 16384 and c.relam not in {_OF_EXTENSIONS}
    ) o (option)
    where pg_catalog.split_part(o.option, '=', 1) not in ({_NAMES})
    order by 1"""
"""The names of the marks that a database holds."""


def counted(options: str, access_method: str = "0") -> str:
    """The SQL expression for those of an array of options that are no mark of the server's own.

    `access_method` is the relation's, as an oid: an extension's has options of its own.
    """
    settable = f"pg_catalog.split_part(x.option, '=', 1) in ({_NAMES})"
    return f"""array(
        select x.option from pg_catalog.unnest({options}) with ordinality x (option, number)
        where {settable} or {access_method} in {_OF_EXTENSIONS} order by x.number)"""


_BARE = re.compile(r"-?[0-9]+(\.[0-9]+)?|true|false|on|off|auto|local|cascaded")


def listed(options: Iterable[str]) -> str:
    """The options as a list in parentheses."""
    return "(" + ", ".join(f"{key} = {_value(value)}" for key, value in map(_split, options)) + ")"


def newer(options: Iterable[str]) -> Iterator[tuple[int, str]]:
    """Those that not every supported server has, each with the first major version that does."""
    for key, _ in map(_split, options):
        if since := _SINCE.get(key.removeprefix("toast.")):
            yield since, key


def changes(before: Iterable[str], after: Iterable[str]) -> Iterator[str]:
    """The actions of an ALTER that change the one list of options into the other.

    PostgreSQL appends what is SET, so those behind a new one are set again, lest the order differ in a dump.
    """
    old, new = dict(map(_split, before)), dict(map(_split, after))
    if gone := [key for key in old if key not in new]:
        yield f"RESET ({', '.join(gone)})"
    keys = list(new)
    stay = next(n for n in range(len(keys), -1, -1) if _stand(keys[:n], old, new))
    if keys[stay:]:
        yield f"SET {listed(f'{key}={new[key]}' for key in keys[stay:])}"


def _stand(keys: list[str], old: dict[str, str], new: dict[str, str]) -> bool:
    """Whether these stand in the old list as they shall, in this order."""
    return [key for key in old if key in keys] == keys and all(old[key] == new[key] for key in keys)


def _split(option: str) -> tuple[str, str]:
    key, _, value = option.partition("=")
    return key, value


def _value(value: str) -> str:
    return value if _BARE.fullmatch(value) else sql.literal(value)
