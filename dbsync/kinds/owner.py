"""Owners of objects."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Self

from dbsync import sql
from dbsync.kinds._target import target
from dbsync.model.objects import Satellite
from dbsync.model.steps import Step

_OWNED = {
    "pg_namespace": "nspowner",
    "pg_proc": "proowner",
    "pg_operator": "oprowner",
    "pg_opclass": "opcowner",
    "pg_opfamily": "opfowner",
    "pg_collation": "collowner",
    "pg_conversion": "conowner",
    "pg_language": "lanowner",
    "pg_ts_dict": "dictowner",
    "pg_ts_config": "cfgowner",
    "pg_event_trigger": "evtowner",
    "pg_statistic_ext": "stxowner",
    "pg_publication": "pubowner",
    "pg_subscription": "subowner",
    "pg_foreign_data_wrapper": "fdwowner",
    "pg_foreign_server": "srvowner",
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Owner(Satellite):
    """The role that owns an object. A sequence that a column owns has its table's owner, and none of its own here."""

    kind = "owner"
    catalog = ""
    rank = 85
    query = """
        select 'pg_class' as target_catalog, c.oid::bigint as target_oid, 0 as target_subid,
               pg_catalog.pg_get_userbyid(c.relowner)::text as owner
        from pg_catalog.pg_class c
        where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and c.oid >= 16384
          and not (c.relkind = 'S' and exists (
              select from pg_catalog.pg_depend d
              where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = c.oid and d.objsubid = 0
                and d.refclassid = 'pg_catalog.pg_class'::regclass and d.deptype in ('a', 'i')
          ))
        union all
        select 'pg_type', oid::bigint, 0, pg_catalog.pg_get_userbyid(typowner)::text
        from pg_catalog.pg_type where oid >= 16384 and typcategory <> 'A'
    """ + "".join(
        f"""
        union all
        select '{catalog}', oid::bigint, 0, pg_catalog.pg_get_userbyid({column})::text
        from pg_catalog.{catalog} where oid >= 16384 or oid = 2200"""
        for catalog, column in _OWNED.items()
    )

    owner: str

    def clause(self, clauses: Sequence[str] = ()) -> str | None:
        """Nothing to say: what is made has an owner. If it is the wrong one, it is altered afterwards."""
        del clauses
        return ""

    def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
        """ALTER … OWNER TO."""
        del clauses
        yield self.step(f"ALTER {target(self.of)} OWNER TO {sql.name(self.owner)}")

    def drop(self) -> Iterator[Step]:
        """Nothing: an object always has an owner."""
        yield from ()

    def alter(self, before: Self) -> Sequence[Step] | None:
        """ALTER … OWNER TO."""
        del before
        return tuple(self.create())
