"""Whether live is as the last history record left it, and from which schema file: known without a scratch database."""

import contextlib

from dbsync import sql
from dbsync.apply.entry import entry
from dbsync.apply.preflight import Connection
from dbsync.config import Config
from dbsync.load.script import read_script
from dbsync.model.health import Finding
from dbsync.model.outcome import Record
from dbsync.pg.connect import connect
from dbsync.pg.target import Target
from dbsync.planning.memory import digest
from dbsync.planning.past import comparable, strayed
from dbsync.snapshot import snapshot
from dbsync.tasks import findings

_WRITES = """
    select current_user::text,
           has_table_privilege('dbsync.history', 'insert') and has_table_privilege('dbsync.history', 'update')
"""


def as_applied(config: Config, target: Target, applied: tuple[Record, ...]) -> Finding:
    """What can be said: nothing, if the last record is not one that says what it left."""
    hint = "dbsync check without --quick compares them"
    unknown = f"nothing is remembered of this live and this {config.schema.name}"
    last = next((one for one in applied if one.outcome in ("applied", "failed")), None)
    if last is None or last != applied[0]:
        return Finding(about="schema", state="unknown", text=unknown, hint=hint)
    with contextlib.closing(connect(target, read_only=True)) as connection:
        record = entry(connection, applied, last.id)
        if not comparable(record, connection.info.server_version):
            return Finding(about="schema", state="unknown", text=unknown, hint=hint)
        strange = strayed(snapshot(connection).digests, record)
        role = _without_a_record(connection) if strange else None
    if role:
        return Finding(
            about="schema",
            state="unknown",
            text=f"live is not as record {last.id} left it, and what {role} applies leaves no record",
            details=findings.first(strange),
            hint=f"{hint}; GRANT INSERT, UPDATE ON dbsync.history TO {sql.name(role)} lets the role keep records",
        )
    if strange:
        return Finding(
            about="schema",
            state="bad",
            text=f"live is not as record {last.id} left it",
            details=findings.first(strange),
            hint="somebody changed it by hand, or with dbsync as a role that may not write the history:"
            " dbsync plan shows what differs from the schema file",
        )

    same = (
        digest(read_script(config.schema, config.include_path).files) == record.schema_digest
        and last.outcome == "applied"
    )
    if same:
        return Finding(about="schema", state="good", text=f"live is as record {last.id} left it, from this schema file")
    text = f"live is as record {last.id} left it, but {config.schema.name} has another text since"
    return Finding(about="schema", state="unknown", text=text, hint=hint)


def _without_a_record(connection: Connection) -> str | None:
    """The session's role, if it may not write the history that it reads: its own applies are none of the records."""
    row = connection.execute(_WRITES).fetchone()
    return None if row is None or row[1] else row[0]
