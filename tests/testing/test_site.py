"""The server that the processes of one run share."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dbsync.pg.connect import connect
from dbsync.scratch.provider import private_installation
from dbsync.testing.site import private


def test_nobody_ends_the_rights_that_another_uses(tmp_path: Path) -> None:
    installation = private_installation("auto", frozenset())
    together = threading.Barrier(2)

    def worker(_: int) -> bool:
        query = "select rolsuper from pg_roles where rolname = 'app'"
        with private(installation, tmp_path / "server") as site:
            together.wait()
            seen = []
            for _ in range(50):
                with connect(site.at("postgres")) as session, site.elevated(session):
                    seen += [site.admin.execute(query).fetchone() for _ in range(5)]
            return set(seen) == {(True,)}

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(worker, range(2)))
