"""What a check says of each thing that it looked at."""

from collections.abc import Iterable, Iterator

from dbsync.model.health import Finding, State
from dbsync.model.outcome import Record
from dbsync.model.plan import Plan
from dbsync.model.rows import TableRows
from dbsync.pg import version as versions
from dbsync.pg.condition import Condition
from dbsync.render import objects
from dbsync.render.manners import SIGNS, VERBS
from dbsync.render.page import count

_MOST = 12
LAST = 3
"""How many records are shown."""


def server(number: int, condition: Condition) -> Finding:
    """The server, and whether anything can be changed on it."""
    text = f"PostgreSQL {versions.written(number)}"
    if condition.standby:
        text, hint = f"{text}, a standby: it can be read, not changed", "an apply needs the primary server"
    elif condition.read_only:
        text = f"{text}; sessions are read-only"
        hint = "default_transaction_read_only is on, for this role or database: an apply needs it off"
    elif newer := versions.note(number):
        text, hint = newer, "what is new in it may be reported as unknown"
    else:
        return Finding(about="server", state="good", text=text)
    return Finding(about="server", state="note", text=text, hint=hint)


def role(condition: Condition) -> Finding:
    """What the role may do."""
    name, found = condition.role, condition.foreign
    if condition.superuser:
        return Finding(about="role", state="good", text=f"{name} is a superuser and may do everything")
    lacks = [] if condition.creates else ["may not make schemas in the database"]
    lacks += [f"does not own {len(found)} of {condition.tables} tables"] if found else []
    if not lacks:
        owned = f", and owns all {condition.tables} tables" if condition.tables > 1 else ""
        return Finding(about="role", state="good", text=f"{name} may make schemas in the database{owned}")
    return Finding(
        about="role",
        state="note",
        text=f"{name} {' and '.join(lacks)}",
        details=first(found),
        hint="to read is enough for a check and a plan; apply as the role that owns the database and its tables",
    )


def fence(gap: str | None) -> Iterator[Finding]:
    """That nothing but rights is around the schema file while it is loaded, where that is so."""
    if gap:
        text = f"no fence of the operating system is around the scratch server: {gap}"
        yield Finding(about="fence", state="note", text=text, hint="read a stranger's schema file before it is planned")


def differs(plan: Plan, file: str) -> Finding:
    """What is another in live than in the schema file; what comes or goes with its table is not named."""
    sums = [f"{number:,} {VERBS[manner]}" for manner, number in objects.totals(plan).items() if number]
    return Finding(
        about="schema",
        state="bad",
        text=f"live is not what {file} says: {', '.join(sums)}",
        details=first(_difference(plan)),
        hint="dbsync plan shows the way there, dbsync apply takes it",
    )


def _difference(plan: Plan) -> Iterator[str]:
    for change in objects.by_themselves(plan):
        manner = objects.manner(change)
        name = f"{change.before.id} → {change.id.name}" if change.before and change.renamed else str(change.id)
        yield f"{SIGNS[manner]} {name}"
    for rename in objects.parts(plan):
        yield f"{SIGNS['renamed']} {rename.before} → {rename.after.name}"


def seeds(tables: tuple[TableRows, ...], file: str) -> Finding:
    """Whether the declared rows are there."""
    details = tuple(_rows(one) for one in tables)
    if not any(one.differs for one in tables):
        return Finding(about="seeds", state="good", text=f"the rows of {file} are there", details=details, rows=tables)
    return Finding(
        about="seeds",
        state="bad",
        text=f"the rows of {file} are not all there as it has them",
        details=details,
        hint="dbsync plan shows all of them, dbsync apply brings them",
        rows=tables,
    )


def _rows(one: TableRows) -> str:
    counts = (("missing", one.added), ("different", one.changed), ("too many", one.removed))
    wrong = ", ".join(f"{number:,} {what}" for what, number in counts if number)
    return f"{one.table}: {one.declared:,} declared" + (f", {wrong}" if wrong else "")


def history(records: tuple[Record, ...], running: str | None, *, mended: bool) -> Finding:
    """What was applied last, and whether it ended; `mended` says that the database is what the files say."""
    if not records:
        return Finding(about="history", state="note", text="dbsync has applied nothing here, or kept no record of it")
    last = records[0]
    said: tuple[State, str, str | None] = ("good", _record(last), None)
    if last.outcome == "applied" and last.error:
        said = ("note", _record(last), last.error)
    if running:
        said = ("note", f"an apply is running: {running}", None)
    elif last.outcome in ("running", "interrupted"):
        hint = "dbsync plan shows what is left to do, dbsync undo goes back before it"
        said = ("bad", f"record {last.id} has no end: dbsync was stopped while it ran", hint)
    elif last.outcome == "partial":
        hint = f"dbsync history show {last.id} tells why; dbsync plan shows what is left, dbsync undo goes back"
        said = ("bad", f"record {last.id} was applied in part", hint)
    elif last.outcome == "failed":
        said = ("note", f"record {last.id} failed and changed nothing", f"dbsync history show {last.id} tells why")
    state, text, mends = said
    if state == "bad" and mended:
        state, mends = "note", f"the database is as it should be by now; dbsync history show {last.id} tells why"
    details = tuple(words for one in records[:LAST] if (words := _record(one)) != text)
    return Finding(about="history", state=state, text=text, details=details, hint=mends)


def leftovers(condition: Condition) -> Iterator[Finding]:
    """What somebody should clear away, and what stands in the way of an apply."""
    if condition.invalid:
        yield Finding(
            about="indexes",
            state="bad",
            text=f"{count(len(condition.invalid), 'index is', 'indexes are')} not valid: written to, never used",
            details=first(condition.invalid),
            hint="dbsync apply makes it again, or drops it if the schema file has none of that name",
        )
    if condition.databases:
        yield Finding(
            about="scratch",
            state="note",
            text=count(len(condition.databases), "scratch database was", "scratch databases were")
            + " left on this server",
            details=first(condition.databases),
            hint="a run of dbsync was killed; the next plan with --scratch server drops those that are a day old",
        )
    if condition.open:
        yield Finding(
            about="waiting",
            state="note",
            text=count(len(condition.open), "transaction has", "transactions have")
            + " been open for more than 5 minutes",
            details=first(condition.open),
            hint="an apply waits for the locks that they hold; end them before it",
        )


def _record(record: Record) -> str:
    back = "" if record.undoes is None else f", an undo of record {record.undoes}"
    return f"record {record.id}: {record.outcome} {record.started_at:%Y-%m-%d %H:%M %Z} by {record.applied_by}{back}"


def first(found: Iterable[str]) -> tuple[str, ...]:
    """The first of them, and how many more there are."""
    names = list(found)
    more = [f"and {len(names) - _MOST:,} more"] if len(names) > _MOST else []
    return (*names[:_MOST], *more)
