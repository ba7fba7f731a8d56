"""Servers with the fence and without, and what lies outside of it."""

from collections.abc import Iterator

import pytest

from dbsync.scratch.binaries import Installation
from tests.fence.place import INSTALLATIONS, Inside, Outside, inside, outside


@pytest.fixture(scope="module")
def _outside() -> Iterator[Outside]:
    with outside() as found:
        yield found


@pytest.fixture(name="outside")
def _outside_anew(_outside: Outside) -> Outside:
    _outside.reset()
    return _outside


@pytest.fixture(scope="module", params=INSTALLATIONS, ids=lambda one: str(one.major))
def installation(request: pytest.FixtureRequest) -> Installation:
    """Every installation of PostgreSQL here."""
    found: Installation = request.param
    return found


@pytest.fixture(scope="module")
def fenced(installation: Installation) -> Iterator[Inside]:
    """A server behind the fence."""
    with inside(installation, fenced=True) as found:
        yield found


@pytest.fixture(scope="module")
def open_server(installation: Installation) -> Iterator[Inside]:
    """The same without: what works there and not behind the fence, the fence stopped."""
    with inside(installation, fenced=False) as found:
        yield found
