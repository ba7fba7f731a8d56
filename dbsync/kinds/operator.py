"""Operators."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Self

from dbsync import sql
from dbsync.kinds._writing import listed, options
from dbsync.model.objects import Object
from dbsync.model.steps import Step

_LINKS = ("commutator", "negator", "hashes", "merges")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Operator(Object):
    """An operator. One that is only named, as another's commutator or negator, is made with that other.

    `linkable`: the server can set a commutator and the like of an operator that there is.
    """

    kind = "operator"
    catalog = "pg_operator"
    among = "pg_operator where oid >= 16384"
    query = """
        select o.oid::bigint as oid,
               array[n.nspname, o.oprname,
                     '(' || coalesce(pg_catalog.format_type(nullif(o.oprleft, 0), null), 'NONE')
                     || ', ' || pg_catalog.format_type(o.oprright, null) || ')']::text[] as path,
               o.oprcode::text as function,
               pg_catalog.format_type(nullif(o.oprleft, 0), null) as left_type,
               pg_catalog.format_type(o.oprright, null) as right_type,
               'OPERATOR(' || quote_ident(cn.nspname) || '.' || c.oprname || ')' as commutator,
               'OPERATOR(' || quote_ident(gn.nspname) || '.' || g.oprname || ')' as negator,
               nullif(o.oprrest::text, '-') as restrict,
               nullif(o.oprjoin::text, '-') as "join",
               o.oprcanhash as hashes,
               o.oprcanmerge as merges,
               current_setting('server_version_num')::int >= 170000 as linkable
        from pg_catalog.pg_operator o
        join pg_catalog.pg_namespace n on n.oid = o.oprnamespace
        left join pg_catalog.pg_operator c on c.oid = o.oprcom
        left join pg_catalog.pg_namespace cn on cn.oid = c.oprnamespace
        left join pg_catalog.pg_operator g on g.oid = o.oprnegate
        left join pg_catalog.pg_namespace gn on gn.oid = g.oprnamespace
        where o.oprcode <> 0 and o.oid >= 16384 and n.nspname !~ '^pg_(temp|toast)'
    """
    fixed = frozenset({"function", "left_type", "right_type"})
    limits: ClassVar[Mapping[str, str]] = {
        "commutator": "it is changed or taken away, or the server is older than 17",
        "negator": "it is changed or taken away, or the server is older than 17",
        "hashes": "it is changed or taken away, or the server is older than 17",
        "merges": "it is changed or taken away, or the server is older than 17",
    }

    function: str
    left_type: str | None
    right_type: str
    commutator: str | None
    negator: str | None
    restrict: str | None
    join: str | None
    hashes: bool
    merges: bool
    linkable: bool = dataclasses.field(default=False, compare=False)

    def _name(self) -> str:
        return f"{sql.name(self.path[0])}.{self.path[1]}"

    def on(self, version: int) -> Self:
        """What links operators can be set since 17."""
        return dataclasses.replace(self, linkable=version >= 170000)

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """CREATE OPERATOR."""
        del clauses
        parts = options(
            function=self.function,
            leftarg=self.left_type,
            rightarg=self.right_type,
            commutator=self.commutator,
            negator=self.negator,
            restrict=self.restrict,
            join=self.join,
            hashes=self.hashes,
            merges=self.merges,
        )
        yield self.step(listed(f"CREATE OPERATOR {self._name()}", parts))

    def drop(self) -> Iterator[Step]:
        """DROP OPERATOR."""
        yield self.step(f"DROP OPERATOR {self._name()} {self.path[2]}")

    def alter(self, before: Self) -> Sequence[Step] | None:
        """Estimators change in place; what links it to others can be added since PostgreSQL 17, not taken away."""
        linked = {key: getattr(self, key) for key in _LINKS if getattr(self, key) != getattr(before, key)}
        if linked and (not before.linkable or any(getattr(before, key) for key in linked)):
            return None
        estimators = {key: getattr(self, key) for key in ("restrict", "join")}
        changed = [
            f"{key.upper()} = {value or 'NONE'}" for key, value in estimators.items() if value != getattr(before, key)
        ]
        parts = [*changed, *options(**linked)]
        return [self.step(listed(f"ALTER OPERATOR {self._name()} {self.path[2]} SET", parts))]
