"""Which types PostgreSQL converts into one another by itself, as far as defaults and foreign keys are concerned."""

_ASSIGNED = (
    frozenset({"smallint", "integer", "bigint", "numeric", "real", "double precision"}),
    frozenset({"text", "character varying", "character", "name", '"char"'}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
    frozenset({"time without time zone", "time with time zone"}),
    frozenset({"bit", "bit varying"}),
    frozenset({"inet", "cidr"}),
)
_COMPARED = (
    frozenset({"smallint", "integer", "bigint"}),
    frozenset({"text", "character varying"}),
    frozenset({"date", "timestamp without time zone", "timestamp with time zone"}),
)


def keeps_default(before: str, after: str) -> bool:
    """Whether a default for the one type can become one for the other by itself."""
    return _together(_ASSIGNED, before, after)


def keeps_foreign_key(before: str, after: str) -> bool:
    """Whether columns of the one type can refer to columns of the other."""
    return _together(_COMPARED, before, after)


def _together(groups: tuple[frozenset[str], ...], before: str, after: str) -> bool:
    one, other = _bare(before), _bare(after)
    return one == other or any(one in group and other in group for group in groups)


def _bare(printed: str) -> str:
    """A type as format_type() prints it, less its modifier: numeric(10,2) → numeric, timestamp(3) without time zone."""
    if printed.startswith('"') or "(" not in printed:
        return printed
    head, _, rest = printed.partition("(")
    return head + rest.partition(")")[2]
