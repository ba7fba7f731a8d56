"""The SQL that is sent for a question."""

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


def evaluated(one: Question) -> str:
    """A query that evaluates all that the question does, but for the casts of keys to text."""
    texts = [one.query] if one.query else []
    texts += [attempted(one.attempt)] if one.attempt else []
    return " UNION ALL ".join(f"SELECT count(*) FROM ({text}) AS part" for text in texts)
