"""The options that several commands have, and what they say as settings."""

import shlex
from collections.abc import Callable
from typing import Any, TypeVar

import click

_Function = TypeVar("_Function", bound=Callable[..., Any])

_DATABASE = [click.option("--database", metavar="URL", help="The database, as postgresql://user@host:5432/name.")]
_PLANNING = [
    click.option("--schema", metavar="FILE", help="What the database should be.  [default: schema.sql]"),
    click.option("--seeds", metavar="FILE", help="Rows to add after the schema.  [default: seeds.sql, if it exists]"),
    click.option("--no-seeds", is_flag=True, help="Add no rows."),
    click.option(
        "--scratch",
        metavar="auto|local|embedded|server|URL",
        help="Where plans are proven: PostgreSQL on this machine, the embedded one, temporary databases on live's"
        " own server, or another server.  [default: auto]",
    ),
    click.option("--author", metavar="best|migra|dbsync", help="Who writes the plan.  [default: best]"),
    click.option(
        "--manage",
        metavar="auto|none|LIST",
        help="Which of privileges, extensions, owners the schema file rules alone.  [default: auto, what it speaks of]",
    ),
]
_LOUDNESS = [
    click.option("-v", "--verbose", is_flag=True, help="Show the SQL that is sent to live."),
    click.option("-q", "--quiet", is_flag=True, help="Show no progress."),
]
_SETTINGS = ("database", "schema", "seeds", "scratch", "author", "manage")


def options(*, planning: bool) -> Callable[[_Function], _Function]:
    """The options of every command, and those of the commands that plan."""

    def decorate(function: _Function) -> _Function:
        for option in reversed(_DATABASE + (_PLANNING if planning else []) + _LOUDNESS):
            function = option(function)
        return function

    return decorate


def settings(given: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as configuration."""
    found = {key: given[key] for key in _SETTINGS if given.get(key) is not None}
    if given.get("no_seeds"):
        if "seeds" in found:
            raise click.UsageError("--seeds and --no-seeds exclude each other.")
        found["seeds"] = False
    return found


def command_line(given: dict[str, Any]) -> str:
    """The apply that follows a plan made with these options, without a password in it."""
    words = ["dbsync", "apply"]
    for key, value in settings(given).items():
        if value is False:
            words.append(f"--no-{key}")
        elif key in ("database", "scratch") and _secret(value):
            words += [f"--{key}", "…"]
        else:
            words += [f"--{key}", shlex.quote(value)]
    return " ".join(words)


def _secret(url: str) -> bool:
    from dbsync.pg.target import Target

    return ("://" in url or "=" in url) and "password" in Target.parse(url).parameters
