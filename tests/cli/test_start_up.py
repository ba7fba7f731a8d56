"""What a command imports before it works: what is quick to answer waits for nothing that only other commands need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dbsync.cli.commands import COMMANDS
from tests.plugins.project import Project

HEAVY = {"rich", "jinja2", "migra", "sqlalchemy", "postgast", "google", "dbsync.kinds", "asyncio", "psycopg"}

PROGRAM = """
import sys
from dbsync.cli import main
code = main(sys.argv[1:])
print(*sorted(sys.modules), file=sys.stderr)
sys.exit(code)
"""


def imported(*arguments: str, **environ: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return HEAVY & set(done.stderr.split())


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str) -> None:
    assert imported(argument) == set()


def test_the_help_of_a_command_imports_that_command_alone() -> None:
    assert imported("check", "--help") <= {"asyncio"}


def test_a_quick_check_that_remembers_needs_no_parser_and_no_kinds(project: Project, own_cache: Path) -> None:
    project.write(schema="create table t (id int);")
    options = ("--database", project.target.conninfo())
    project.run("create table t (id int)")
    assert imported("check", *options, DBSYNC_CACHE=str(own_cache)) > {"dbsync.kinds"}
    assert imported("check", "--quick", *options, DBSYNC_CACHE=str(own_cache)) == {"psycopg", "asyncio"}


def test_the_runtime_is_imported_when_it_is_used() -> None:
    program = "import sys, dbsync.runtime as r; print('psycopg' in sys.modules, r.Database, 'psycopg' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert told.split()[0] == "False"
    assert told.split()[-1] == "True"
    more = "from dbsync.runtime import *; print(AsyncDatabase, Settings, RolledBack); import dbsync; dbsync.runtime.no"
    done = subprocess.run([sys.executable, "-c", more], capture_output=True, text=True, check=False)
    assert done.stdout.count("dbsync.runtime") == 3
    assert "has no attribute 'no'" in done.stderr


def test_every_command_has_its_module_and_its_line() -> None:
    from dbsync.cli.commands import dbsync

    assert {name: dbsync.commands[name].short_help for name in dbsync.commands} == COMMANDS
    assert all(dbsync.commands[name].name == name for name in COMMANDS)
