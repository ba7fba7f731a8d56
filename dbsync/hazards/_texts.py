"""The SQL that is sent for a question."""

from collections.abc import Iterator

from dbsync import sql
from dbsync.model.hazards import Attempt, Question


def listing(one: Question) -> str:
    """The keys of the rows that it asks for, as texts."""
    key = ", ".join(f"{sql.name(name)}::text" for name in one.key) or "NULL"
    return f"SELECT {key} FROM ({one.query}) AS found"


def counting(one: Question) -> str:
    """How many rows it asks for."""
    return f"SELECT count(*) FROM ({one.query}) AS found"


def whole(one: Question) -> str:
    """For a loss: how many rows there could be."""
    return f"SELECT count(*) FROM {one.whole}"


def attempted(one: Attempt) -> str:
    """The expression, evaluated for every row."""
    return f"SELECT count({one.expression}) FROM {one.source}"


def everything(one: Question) -> Iterator[str]:
    """All queries that may be sent, as far as they are not the same but for what they show; each is one to nest."""
    if one.query:
        yield listing(one)
    if one.whole:
        yield whole(one)
    if one.attempt:
        yield attempted(one.attempt)
        yield one.attempt.scan
