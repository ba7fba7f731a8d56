"""How time and memory grow with the schema, beside migra's on the same databases.

    python benchmarks/scale.py [--tables 100,1000,5000,10000] [--writer PROGRAM]

For each number of tables, in a schema that large.py writes (or another PROGRAM in Python, called like it with N and
maybe --change), with nothing to do and with 1% of them changed: dbsync's snapshot, compare and order in one process
(reading both databases, as they are; memory is that of the process after each), the whole plan by the command line,
the first and warm, and migra's command line. pg_dump of the database is the floor. CPU time counts the server's, too;
the last column is CPU time by table, beside that of the row for the smallest N: 1.0 is linear growth.
"""

import argparse
import functools
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from measure import HERE, ROLE, Cost, Server, of_process, server

from dbsync.authors.order import write
from dbsync.compare import compare
from dbsync.model.catalog import Catalog
from dbsync.pg.connect import connect
from dbsync.pg.target import Target
from dbsync.snapshot import snapshot

T = TypeVar("T")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", default="100,1000,5000,10000")
    parser.add_argument("--writer", type=Path, default=HERE / "large.py")
    parser.add_argument("--inside", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        json.dump(list(inside(*given.inside)), sys.stdout)
        return
    first: dict[str, float] = {}
    print(f"{'':34}  {'wall s':>8}  {'CPU s':>8}  {'MB':>6}  {'of pg_dump':>10}  {'growth':>6}")
    with server() as place, tempfile.TemporaryDirectory(prefix="dbsync-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        for tables in map(int, given.tables.split(",")):
            floor = 0.0
            for what, cost in measured(place, given.writer, tables, folder):
                floor = floor or cost.cpu
                each = cost.cpu / tables
                growth = each / first.setdefault(what, each) if each and first.get(what, each) else 0.0
                line = f"{f'{tables:,} tables: {what}':34}  {cost.wall:8.2f}  {cost.cpu:8.2f}  {cost.memory:6.0f}"
                print(f"{line}  {cost.cpu / floor if floor else 0:10.2f}  {growth:6.2f}", flush=True)


def measured(place: Server, writer: Path, tables: int, folder: Path) -> Iterator[tuple[str, Cost]]:
    """Every figure of one size by its name, pg_dump's first."""
    files: dict[str, Path] = {}
    for change, options in (("no change", []), ("1%", ["--change"])):
        files[change] = folder / f"{tables} {change}.sql"
        with files[change].open("wb") as out:
            subprocess.run([sys.executable, writer, str(tables), *options], stdout=out, check=True)
    loaded = place.load("live", files["no change"])
    place.load("wanted", files["1%"])
    yield "pg_dump", place.run(place.program("pg_dump", "--schema-only", "live"))
    yield "psql", loaded
    yield from stages(place)
    for change, wanted in (("no change", "live"), ("1%", "wanted")):
        yield f"migra, {change}", place.migra("live", wanted)
        cache = folder / f"{tables} {change}"
        cache.mkdir(mode=0o755)
        for run in ("first", "warm"):
            arguments = ["plan", "--database", place.url("live"), "--schema", str(files[change]), "--no-seeds", "-q"]
            environ = {**os.environ, "DBSYNC_CACHE": str(cache)}
            yield f"plan, {change}, {run}", place.run([sys.executable, "-m", "dbsync", *arguments], environ)
    place.drop("live")
    place.drop("wanted")


def stages(place: Server) -> Iterator[tuple[str, Cost]]:
    """The stages of a comparison, in a process of their own."""
    command = [sys.executable, __file__, "--inside", str(place.running.sockets), "live wanted"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    for what, wall, cpu, memory in json.loads(done.stdout):
        yield what, Cost(wall, cpu, memory)


def inside(sockets: str, names: str) -> Iterator[tuple[str, float, float, float]]:
    """(stage, wall, CPU, MB) of reading both databases, comparing them and putting the steps in order."""
    taken: list[tuple[str, float, float, float]] = []

    def stage(what: str, run: Callable[[], T], sessions: tuple[Any, ...] = ()) -> T:
        gc.collect()
        backends = [one.info.backend_pid for one in sessions]
        before, began = used(backends), time.monotonic()
        result = run()
        wall, cpu = time.monotonic() - began, used(backends) - before
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1 << 20)
        taken.append((what, wall, cpu, memory))
        return result

    live, wanted = (
        connect(Target({"host": sockets, "port": "5432", "dbname": name, "user": ROLE}), read_only=True)
        for name in names.split()
    )
    # A session's first reading fills its caches, as that of every plan does.
    current = stage("snapshot", lambda: snapshot(live), (live,))
    stage("fingerprint", lambda: current.fingerprint)
    for change, other in (("no change", live), ("1%", wanted)):
        # As a plan reads it: what is the same is the same object.
        goal = snapshot(other, current)
        # Compare and order are made of look-ups, and a look-up costs more where the schema is not in the caches.
        stage(f"look-ups, {change}", functools.partial(_looked_up, current, goal))
        stage(f"compare, {change}", functools.partial(compare, current, goal))
        stage(f"order, {change}", functools.partial(write, current, goal))
    live.close()
    wanted.close()
    return iter(taken)


def _looked_up(current: Catalog, goal: Catalog) -> int:
    """The floor of a comparison: every object of each side is looked up on the other, and nothing done with it."""
    return sum(one in goal.objects for one in current.objects) + sum(one in current.objects for one in goal.objects)


def used(backends: list[int]) -> float:
    """The CPU time of this process and of the sessions' processes."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime + sum(map(of_process, backends))


if __name__ == "__main__":
    main()
