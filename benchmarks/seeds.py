"""What 100,000 declared rows cost, beside COPY of the same rows.

    python benchmarks/seeds.py [--rows N] [--runs N]

The rows stand in seeds.sql as a COPY and as INSERTs of 1,000 rows each; live's table holds as many other rows. Measured
are the plan that adds all of them, the apply that plans it again and adds them, the plan that has nothing to do, the
same once more when that is remembered (warm), and the plan of one row that differs; and psql running the INSERTs of
a plan in an empty table, as apply does. The floors are psql's COPY of the rows into an empty table, and dbsync planning
the same schema without rows. The last columns are ratios of the least, wall and CPU.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from measure import Cost, Server, server, table

SCHEMA = """
CREATE TABLE codes (
    code integer PRIMARY KEY,
    word text NOT NULL UNIQUE,
    price numeric(10, 2) NOT NULL,
    active boolean NOT NULL DEFAULT true,
    at timestamptz NOT NULL DEFAULT now()
);
"""
COLUMNS = "code, word, price, active"


class Bench:
    """One project, and a database of its own for every measure."""

    def __init__(self, place: Server, folder: Path, rows: int):
        self.server = place
        self.folder = folder
        self.rows = rows
        # A server that root starts runs as another account, which has to get to the cache.
        folder.chmod(0o755)
        self.costs: defaultdict[str, list[Cost]] = defaultdict(list)
        (folder / "schema.sql").write_text(SCHEMA)
        lines = [(str(n), f"word {n}", f"{n % 1000}.50", "t") for n in range(1, rows + 1)]
        copied = "".join("\t".join(line) + "\n" for line in lines)
        (folder / "copy.sql").write_text(f"COPY codes ({COLUMNS}) FROM stdin;\n{copied}\\.\n")
        parts = (lines[start : start + 1000] for start in range(0, rows, 1000))
        values = (",\n".join(f"({c}, '{w}', {p}, true)" for c, w, p, _ in part) for part in parts)
        (folder / "inserts.sql").write_text("".join(f"INSERT INTO codes ({COLUMNS}) VALUES\n{v};\n" for v in values))
        (folder / "others.sql").write_text(
            f"INSERT INTO codes ({COLUMNS}) SELECT -n, 'other ' || n, 1, false FROM generate_series(1, {rows}) n;\n"
            "ANALYZE codes;\n"
        )

    def run(self) -> None:
        """Measure everything once."""
        self.make("floor")
        self.costs["psql COPY"].append(self.psql("floor", "copy.sql"))
        self.server.drop("floor")
        self.make("live")
        command, environ = self.command("plan", "--format", "sql", seeds="copy")
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ, check=True)
        (self.folder / "plan.sql").write_bytes(done.stdout)
        self.costs["psql, the plan's INSERTs"].append(self.psql("live", "plan.sql"))
        self.server.drop("live")
        for form in ("copy", "inserts"):
            self.make("live")
            self.psql("live", "others.sql")
            self.dbsync("plan without rows", "plan", "--no-seeds", fresh=True)
            self.dbsync(f"{form}: plan, all new", "plan", seeds=form)
            self.dbsync(f"{form}: apply, all new", "apply", "--yes", seeds=form)
            self.dbsync(f"{form}: plan, nothing to do", "plan", seeds=form, fresh=True)
            self.dbsync(f"{form}: warm, nothing to do", "plan", seeds=form)
            (self.folder / "edit.sql").write_text("UPDATE codes SET word = 'changed' WHERE code = 77;")
            self.psql("live", "edit.sql")
            self.dbsync(f"{form}: plan, one differs", "plan", seeds=form)
            self.server.drop("live")

    def make(self, name: str) -> None:
        """A database with the table."""
        self.server.load(name, self.folder / "schema.sql")

    def psql(self, name: str, file: str) -> Cost:
        """Run a file in a database."""
        return self.server.run(
            self.server.program("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", name, "-f", str(self.folder / file))
        )

    def dbsync(self, name: str, *arguments: str, seeds: str | None = None, fresh: bool = False) -> None:
        """Run dbsync on the live database; `fresh` forgets what was proven."""
        if fresh:
            for known in (self.folder / "cache").glob("proven/*.json"):
                known.unlink()
        self.costs[name].append(self.server.run(*self.command(*arguments, seeds=seeds)))

    def command(self, *arguments: str, seeds: str | None) -> tuple[list[str], dict[str, str]]:
        """How dbsync is called, and its environment."""
        environ = {**os.environ, "DATABASE_URL": self.server.url("live"), "DBSYNC_CACHE": str(self.folder / "cache")}
        command = [sys.executable, "-m", "dbsync", *arguments, "--schema", str(self.folder / "schema.sql")]
        return [*command, *(["--seeds", str(self.folder / f"{seeds}.sql")] if seeds else [])], environ


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=2)
    given = parser.parse_args()
    with server() as place, tempfile.TemporaryDirectory() as folder:
        bench = Bench(place, Path(folder), given.rows)
        for _ in range(given.runs):
            bench.run()
    print(f"{given.rows:,} rows")
    print(table(bench.costs, ["psql COPY", "plan without rows"]))


if __name__ == "__main__":
    main()
