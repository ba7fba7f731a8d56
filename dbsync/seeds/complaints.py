"""Why live's rows cannot be brought to a copy, and what to do about it."""

import psycopg

from dbsync import sql
from dbsync.errors import ConnectionFailed, NoPlan, ScratchError
from dbsync.model.text import Place
from dbsync.pg.failures import Failure
from dbsync.seeds.tables import Path

_PAST = (
    "seeds.sql gives rows of it, or of a table that refers to it: let the role read it, past row-level security too"
    " (ALTER ROLE … BYPASSRLS, or the table without FORCE ROW LEVEL SECURITY), or leave the seeds out with --no-seeds"
)


def unreadable(path: Path, error: psycopg.Error) -> ConnectionFailed:
    """Live does not let them be read."""
    failure = Failure.of(error)
    # The text of an error that a row is the reason of holds its values.
    why = failure.kind if (failure.sqlstate or "").startswith(("22", "23")) else failure.message
    return ConnectionFailed(f"the rows of {sql.qualified(*path)} cannot be read: {why}", hint=_PAST)


def forced(path: Path, place: Place, error: psycopg.Error) -> ConnectionFailed:
    """Row-level security holds the role off its own table."""
    failure = Failure.of(error)
    return ConnectionFailed(
        f"{place}:{place.column}: the rows of {sql.qualified(*path)} cannot be written: {failure.message}",
        detail=failure.detail or "its row-level security is forced on its owner, too",
        hint=_PAST,
    )


def not_to_be_read(path: Path, why: str) -> ConnectionFailed:
    """To read them would run somebody's code."""
    return ConnectionFailed(
        f"the rows of {sql.qualified(*path)} are not read: {why}",
        hint="seeds.sql gives rows of it, or of a table that refers to it: plan as the role that owns the table, or"
        " leave the seeds out with --no-seeds",
    )


def unruly(path: Path, error: psycopg.Error) -> NoPlan:
    """They are not what live's own table wants."""
    failure = Failure.of(error)
    return NoPlan(
        f"Rows of {sql.qualified(*path)} on live break a rule that the table has for them: {failure.message}",
        detail=failure.detail,
        hint="correct these rows, or drop the constraint and add it again as NOT VALID",
    )


def no_rows(role: str) -> ScratchError:
    """The scratch server does not let them be written."""
    return ScratchError(
        "Declared rows cannot be compared on this scratch server",
        detail=f"live's rows go into a copy without what they refer to, which the role {role} may not do there",
        hint="have an administrator run GRANT SET ON PARAMETER session_replication_role TO "
        f"{sql.name(role)}, use another --scratch, or leave rows alone with --no-seeds",
    )
