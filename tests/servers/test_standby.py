"""A standby: planned on, and what was planned there is applied to its primary."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugins.own_server import OwnServer, server_folder
from tests.servers.conftest import Say


@pytest.fixture
def standby(shop: OwnServer) -> Iterator[OwnServer]:
    if not shop.installation.program("pg_basebackup"):
        pytest.skip("no pg_basebackup: install postgresql")
    with server_folder() as folder:
        way: list[str | Path] = ["-h", shop.folder, "-p", str(shop.port), "-U", "postgres"]
        shop.program("pg_basebackup", "-D", folder / "data", *way, "-R", "-X", "stream", "-c", "fast")
        server = OwnServer(shop.installation, folder)
        try:
            server.start(hot_standby="on")
            yield server
        finally:
            server.stop()


def test_standby(shop: OwnServer, standby: OwnServer, project: Path, say: Say) -> None:
    code, shown, _ = say("plan", "--database", standby.url(), "--out", "plan.json")
    assert code == 0
    assert "live was read on a standby, where nothing can be applied" in " ".join(shown.split())
    assert "pg_dump agrees" in " ".join(shown.split())
    assert "no witness" not in shown
    for arguments in (["apply", "--yes"], ["apply", "plan.json", "--yes"]):
        code, _, said = say(*arguments, "--database", standby.url())
        assert code == 6
        assert said == (
            "error: the database is on a standby, which cannot be changed; nothing was applied\n"
            "hint: name the primary; in a URL with several hosts, target_session_attrs=read-write picks it\n"
        )
    code, _, said = say("plan", "--scratch", "server", "--database", standby.url())
    assert code == 5
    assert "is a standby, where nothing can be made" in said
    either = f"127.0.0.1:{standby.port},127.0.0.1:{shop.port}"
    url = f"postgresql://app@{either}/shop?target_session_attrs=read-write"
    assert say("apply", "plan.json", "--yes", "--database", url)[0] == 0
