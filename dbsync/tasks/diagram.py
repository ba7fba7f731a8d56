"""The diagram of the schema file, or of live."""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import psycopg

from dbsync.config import Config, closest
from dbsync.diagram.model import Diagram, Name, label
from dbsync.diagram.read import read
from dbsync.errors import UsageError
from dbsync.model.outcome import Observer
from dbsync.pg.connect import connect
from dbsync.planning.workspace import DESIRED
from dbsync.tasks.desired import desired
from dbsync.tasks.live import live

MANY = 80
"""Of more tables than this, only the columns of keys are shown, if nothing else is asked for."""


def diagram(config: Config, observer: Observer, *, of_live: bool) -> Diagram:
    """The whole diagram."""
    with _database(config, observer, of_live=of_live) as connection:
        observer.progress("reading tables")
        return read(connection)


def cut(whole: Diagram, tables: Sequence[str], depth: int, columns: str = "auto") -> Diagram:
    """What of the diagram is asked for. UsageError for a table that it does not have."""
    found = whole.around(_named(whole, tables), depth) if tables else whole
    if columns == "auto":
        columns = "keys" if len(found.tables) > MANY else "all"
    return found.with_columns(columns)


@contextlib.contextmanager
def _database(config: Config, observer: Observer, *, of_live: bool) -> Iterator[psycopg.Connection[Any]]:
    if of_live:
        with live(config, observer) as target, connect(target, read_only=True) as connection:
            yield connection
    else:
        with desired(config, observer) as scratch, scratch.connect(DESIRED) as connection:
            yield connection


def _named(whole: Diagram, words: Iterable[str]) -> list[Name]:
    """The tables that words mean, each with its schema or without."""
    known: dict[str, list[Name]] = {}
    for name in whole.by_name:
        for written in {label(name), name[1], ".".join(name)}:
            known.setdefault(written, []).append(name)
    found = []
    for word in words:
        if word not in known:
            raise UsageError(f"there is no table {word!r}", hint=closest(word, known) if known else None)
        if len(known[word]) > 1:
            which = ", ".join(sorted(map(label, known[word])))
            raise UsageError(f"more than one table is named {word!r}", hint=f"write one of {which}")
        found += known[word]
    return found
