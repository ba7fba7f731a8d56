"""What psql does with a dump: a witness that is none of ours."""

import os
import subprocess

from dbsync.pg.target import Target
from dbsync.scratch.binaries import Installation
from dbsync.scratch.cluster import environment


def restore(programs: Installation, target: Target, text: str) -> None:
    """Load what pg_dump wrote, as the target's role."""
    # An older server does not know a line of a newer pg_dump.
    text = text.replace("\nSET transaction_timeout = 0;\n", "\n", 1)
    subprocess.run(
        [programs.bin / "psql", "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", "-"],
        input=text.encode(errors="surrogateescape"),
        check=True,
        env={**environment(), **target.environment(), "PGCLIENTENCODING": "UTF8"},
    )
