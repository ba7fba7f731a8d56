"""A cache of a test's own, so that nothing is remembered in it yet."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from dbsync.scratch import cache


@pytest.fixture
def own_cache() -> Iterator[Path]:
    """An empty one, but for everybody's empty clusters and programs, where root's helper reaches it."""
    with tempfile.TemporaryDirectory(prefix="dbsync-test-") as name:
        path = Path(name)
        path.chmod(0o755)
        for kept in cache.folder().glob("*-*"):
            if kept.name.startswith(("cluster-", "binaries-")):
                (path / kept.name).symlink_to(kept)
        yield path
