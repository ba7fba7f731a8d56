"""Runs dbsync and writes down when each of its stages began: staged.py START FILE plan …

START is the parent's time.monotonic() before it started Python; FILE gets JSON, [[stage, seconds from START], …].
"""

import json
import sys
import time
from pathlib import Path

from dbsync.cli import main
from dbsync.cli.screen import Screen


def run() -> int:
    """The exit code of dbsync."""
    start, file, *arguments = sys.argv[1:]
    stages = [("start", 0.0)]
    shown = Screen.progress

    def progress(self: Screen, text: str) -> None:
        stages.append((text.split(" (")[0], time.monotonic() - float(start)))
        shown(self, text)

    Screen.progress = progress  # type: ignore[method-assign]
    code = main(arguments)
    stages.append(("end", time.monotonic() - float(start)))
    Path(file).write_text(json.dumps(stages))
    return code


if __name__ == "__main__":
    sys.exit(run())
