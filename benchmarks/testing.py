"""How long a test waits for a database of its own, beside what it would do by hand: createdb, psql, dropdb.

    python benchmarks/testing.py [--runs N]

The Optimizer's schema and seeds, on a private server. The least says what the work costs, the median what this machine
made of it.
"""

import argparse
import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg

from dbsync.testing.server import Server

HERE = Path(__file__).parent.parent


@contextlib.contextmanager
def timed(into: list[float]) -> Iterator[None]:
    """Notes the milliseconds."""
    began = time.perf_counter()
    yield
    into.append((time.perf_counter() - began) * 1000)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("--runs", type=int, default=50)
    runs: int = arguments.parse_args().runs
    first: list[float] = []
    made: list[float] = []
    used: list[float] = []
    dropped: list[float] = []
    loaded: list[float] = []
    schema, seeds = HERE / "schema.sql", HERE / "seeds.sql"
    with tempfile.TemporaryDirectory() as folder, Server("auto", Path(folder)) as server:
        with timed(first), server.database(schema, seeds):
            pass
        for _ in range(runs):
            making = server.database(schema, seeds)
            with timed(made):
                database = making.__enter__()
            with timed(used), psycopg.connect(database.conninfo) as connection:
                connection.execute("delete from plans")
            with timed(dropped):
                making.__exit__(None, None, None)
        empty = Path(folder) / "empty.sql"
        empty.write_text("select 1;")
        for _ in range(min(runs, 10)):
            with timed(loaded), server.database(empty) as database, psycopg.connect(database.conninfo) as connection:
                connection.execute(schema.read_bytes())
                connection.execute(seeds.read_bytes())
    print(f"the first, with the server and the template: {first[0]:.0f} ms")
    for what, values in (
        ("a database is made", made),
        ("connect, and one statement", used),
        ("it is dropped", dropped),
        ("instead of a template: made, loaded, dropped", loaded),
    ):
        print(f"{what}: {min(values):.1f} ms at least, {statistics.median(values):.1f} ms in the median")


if __name__ == "__main__":
    main()
