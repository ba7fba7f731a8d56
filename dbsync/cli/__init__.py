"""The command line: options in, one task, one rendering, the exit code out."""

from dbsync.cli.entry import main

__all__ = ["main"]
