"""One scratch server for all plans of a process: the product would start one for each, which is most of its time."""

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dbsync.planning import planner
from dbsync.scratch.provider import Needs, Scratch, open_scratch

Open = Callable[[Needs], Scratch]


@pytest.fixture(scope="session")
def _servers() -> Iterator[Open]:
    opened: dict[Needs, Scratch] = {}
    with contextlib.ExitStack() as stack:

        def server(needs: Needs) -> Scratch:
            """What databases are like depends on the needs; extensions are there or are not."""
            key = dataclasses.replace(needs, extensions=frozenset())
            if key not in opened:
                opened[key] = stack.enter_context(open_scratch("auto", key))
            return opened[key]

        yield server


@pytest.fixture
def kept_scratch(_servers: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plans of this test find their scratch server running, and leave it as empty as they found it."""

    @contextlib.contextmanager
    def opened(choice: str, needs: Needs, **_: Any) -> Iterator[Scratch]:
        assert choice == "auto"
        scratch = _servers(needs)
        try:
            yield scratch
        finally:
            _clear(scratch)

    monkeypatch.setattr(planner, "open_scratch", opened)


def _clear(scratch: Scratch) -> None:
    names = scratch.admin.execute(
        "select datname::text from pg_database where not datistemplate and datname <> 'postgres'"
    ).fetchall()
    for (name,) in names:
        scratch.drop(name)
