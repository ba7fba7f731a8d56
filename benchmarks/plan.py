"""How long a plan takes, beside what people do by hand: createdb, psql, migra.

    python benchmarks/plan.py [--runs N] [FILE …]

The Optimizer's schema.sql is measured, and every schema FILE that is named (one that is not there is skipped). Each
is planned with nothing to do, and with one column added to a table in the middle of the file:

- first ever: nothing is cached; first: the binaries and an empty cluster are, but nothing of this schema.
- warm: it was planned before; edited: it was planned before, and the file is another each time.

The floors are taken in the same run: psql loading the file, pg_dump, a copy by TEMPLATE, and by hand. Wall time says
little on a busy machine: CPU time, with that of the servers, stands beside it, and of each the least and the median.
The last columns are ratios of the least, wall and CPU.
"""

import argparse
import contextlib
import itertools
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from measure import HERE, Cost, Server, server, table

from dbsync.load import tree
from dbsync.load.parts import parts
from dbsync.load.script import read_script

OPTIMIZER = HERE.parent / "schema.sql"
Stages = list[tuple[str, float]]


class Bench:
    """One schema, in a database `live` that is what its file says."""

    def __init__(self, place: Server, file: Path, folder: Path):
        self.server = place
        self.file = file
        self.folder = folder
        self.costs: defaultdict[str, list[Cost]] = defaultdict(list)
        self.stages: dict[str, Stages] = {}
        self.edits = 0

    def run(self, runs: int) -> None:
        """Measure everything, one after the other, so many times."""
        self.server.load("live", self.file)
        self.costs |= {name: [] for name in ("psql", "pg_dump", "template", "by hand", "by hand, one column")}
        ever = self.cache("ever")
        self.plan("no-op, first ever", self.file, ever)
        warm = self.cache("warm", like=ever)
        self.plan("", self.edited(), warm)
        self.plan("", self.file, warm)
        for number in range(runs):
            self.floors()
            edited = self.edited()
            self.by_hand("by hand, one column", edited)
            self.plan("no-op, first", self.file, self.cache(f"no-op {number}", like=ever))
            self.plan("one column, first", edited, self.cache(f"one column {number}", like=ever))
            self.plan("no-op, warm", self.file, warm)
            self.plan("one column, edited", edited, warm)
            self.plan("one column, warm", edited, warm)
        self.server.drop("live")

    def floors(self) -> None:
        """What everything is compared with."""
        with self.scratch("wanted"):
            self.costs["psql"].append(self.server.load("wanted", self.file))
        self.costs["pg_dump"].append(self.server.run(self.server.program("pg_dump", "--schema-only", "live")))
        with self.scratch("wanted"):
            copy = self.server.program("createdb", "--template=live", "--strategy=file_copy", "wanted")
            self.costs["template"].append(self.server.run(copy))
        self.by_hand("by hand", self.file)

    def by_hand(self, name: str, file: Path) -> None:
        """Load the file beside live, and ask migra."""
        with self.scratch("wanted"):
            loaded = self.server.load("wanted", file)
            asked = self.server.migra("live", "wanted")
        total = Cost(loaded.wall + asked.wall, loaded.cpu + asked.cpu, max(loaded.memory, asked.memory))
        self.costs[name].append(total)

    @contextlib.contextmanager
    def scratch(self, name: str) -> Iterator[None]:
        """A database that is dropped at the end."""
        yield
        self.server.drop(name)

    def edited(self) -> Path:
        """The file with a column more, of another name each time, in the table in the middle of it."""
        self.edits += 1
        return edit(self.file, self.folder / f"edited-{self.edits}.sql", f"bench_{self.edits}")

    def cache(self, name: str, like: Path | None = None) -> Path:
        """A cache: empty, or with the empty cluster that another has; one that was used before stays as it is."""
        path = self.folder / name
        if not path.exists():
            path.mkdir(mode=0o755)
            for kept in [*like.glob("cluster-*"), *like.glob("binaries-*")] if like else []:
                (path / kept.name).symlink_to(kept)
        return path

    def plan(self, name: str, file: Path, cache: Path) -> None:
        """One plan by the command line, with its stages; without a name it is not counted."""
        times = self.folder / "stages.json"
        arguments = ["plan", "--database", self.server.url("live"), "--schema", str(file), "--no-seeds", "--quiet"]
        environ = {**os.environ, "DBSYNC_CACHE": str(cache)}
        command: list[str | Path] = [sys.executable, HERE / "staged.py", str(time.monotonic()), str(times), *arguments]
        cost = self.server.run(command, environ)
        if not name:
            return
        self.costs[name].append(cost)
        stages = [(stage, at) for stage, at in json.loads(times.read_text())]
        if name not in self.stages or stages[-1][1] < self.stages[name][-1][1]:
            self.stages[name] = stages

    def shown(self) -> str:
        """The table, and where the time went."""
        lines = [table(self.costs, ("psql", "pg_dump", "by hand")), "", "stages of the quickest run, seconds:"]
        for name, stages in self.stages.items():
            spent = [f"{one} {after - at:.2f}" for (one, at), (_, after) in itertools.pairwise(stages)]
            lines.append(f"  {name}: {' · '.join(spent)}")
        return "\n".join(lines)


def edit(file: Path, into: Path, name: str) -> Path:
    """The file with the column `name` in the table in the middle, written to another file."""
    script = read_script(file)
    text = dict(script.files)[str(file)]
    tables = [one for one in script.statements if one.node == "CreateStmt" and one.sql.isascii()]
    for one in tables[len(tables) // 2 :]:
        node = tree.node(one.sql)
        columns = [part.start for part in parts(node, one.sql) if part.kind == "column"] if node else []
        if columns:
            changed = f"{one.sql[: columns[-1]]}{name} integer, {one.sql[columns[-1] :]}"
            into.write_text(text.replace(one.sql, changed, 1))
            return into
    sys.exit(f"{file} holds no table that a column could be added to")


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    with server() as place, tempfile.TemporaryDirectory(prefix="dbsync-bench-") as name:
        Path(name).chmod(0o755)
        for number, file in enumerate([OPTIMIZER, *given.files]):
            if not file.is_file():
                print(f"{file}: skipped, it is not there")
                continue
            folder = Path(name) / str(number)
            folder.mkdir(mode=0o755)
            bench = Bench(place, file, folder)
            bench.run(given.runs)
            print(f"{file}, {given.runs} runs, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores, seconds")
            print(bench.shown(), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
