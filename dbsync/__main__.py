"""Runs the command line as `python -m dbsync`."""

import sys

from dbsync.cli import main

sys.exit(main())
