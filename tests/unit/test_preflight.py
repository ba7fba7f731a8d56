"""What an apply asks of the server before it begins."""

from types import SimpleNamespace
from typing import cast

import pytest

from dbsync.apply.preflight import Connection, check, milliseconds
from dbsync.errors import ApplyFailed


def server(*, standby: bool = False, read_only: bool = False) -> Connection:
    row = SimpleNamespace(fetchone=lambda: (standby, read_only))
    return cast("Connection", SimpleNamespace(execute=lambda _: row))


def test_primary() -> None:
    check(server())


@pytest.mark.parametrize(("standby", "said"), [(True, "on a standby"), (False, "the session is read-only")])
def test_what_cannot_be_changed(standby: bool, said: str) -> None:
    with pytest.raises(ApplyFailed, match=said):
        check(server(standby=standby, read_only=True))


@pytest.mark.parametrize(("seconds", "text"), [(2, "2000ms"), (0.0001, "1ms"), (0, "0ms")])
def test_milliseconds(seconds: float, text: str) -> None:
    assert milliseconds(seconds) == text
