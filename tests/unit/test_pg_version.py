"""Versions that dbsync knows, and those it does not."""

import pytest

from dbsync.errors import ConnectionFailed
from dbsync.pg import version


def test_major_and_text() -> None:
    assert version.major(180006) == 18
    assert version.written(150018) == "15.18"


def test_an_old_server_is_refused_by_name() -> None:
    with pytest.raises(ConnectionFailed, match=r"db runs PostgreSQL 14.23; dbsync needs 15 or newer"):
        version.check(140023, "db")
    version.check(150000)


def test_a_newer_server_is_noted() -> None:
    assert version.note(180006) is None
    assert "19.1 is newer than 18" in (version.note(190001) or "")
