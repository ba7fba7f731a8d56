"""The options that several commands have, and what they say as settings."""

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from dbsync.planning.signature import Key

_Function = TypeVar("_Function", bound=Callable[..., Any])


class OneOf(click.Choice[str]):
    """A choice that answers a mistyped word with the closest."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The choice, or the closest in the error."""
        if value not in self.choices:
            from dbsync.config import closest

            self.fail(f"it cannot be {value!r}: {closest(str(value), map(str, self.choices))}", param, ctx)
        return value


class Number(click.IntRange):
    """A whole number; what is none is called so."""

    name = "whole number"


no_seeds = click.option("--no-seeds", is_flag=True, help="Leave rows alone.")

_DATABASE = [click.option("--database", metavar="URL", help="The database, as postgresql://user@host:5432/name.")]
_FILES = [
    click.option("--schema", metavar="FILE", help="What the database should be.  [default: schema.sql]"),
    click.option("--seeds", metavar="FILE", help="The rows that should be there.  [default: seeds.sql, if it exists]"),
    no_seeds,
    click.option(
        "--include-path",
        metavar="DIR",
        multiple=True,
        help="A folder whose files the schema file may include, too, besides those below its own; repeat.",
    ),
]
_LOAD_TIMEOUT = click.option(
    "--load-timeout",
    metavar="TIME",
    help="How long the statements of the files may take where they are loaded, and those of a plan where it is tried."
    "  [default: 10min]",
)
_FENCE = click.option(
    "--require-fence",
    is_flag=True,
    default=None,
    help="Refuse to load the schema file where the operating system puts no fence around the scratch server.",
)
_PLANNING = [
    click.option(
        "--scratch",
        metavar="WHERE",
        help="Where plans are proven: local (PostgreSQL on this machine), embedded, server (temporary databases beside"
        " yours), the URL of another server, or auto.  [default: auto]",
    ),
    _FENCE,
    click.option(
        "--manage",
        metavar="auto|none|LIST",
        help="Which of privileges, extensions, owners the schema file rules alone.  [default: auto, what it speaks of]",
    ),
    _LOAD_TIMEOUT,
]
_WRITING = [
    click.option("--author", metavar="best|migra|dbsync", help="Who writes the plan.  [default: best]"),
    click.option(
        "--online",
        metavar="auto|always|never",
        help="Change tables in steps that do not block writes for long, and not in one transaction.  [default: auto,"
        " from 100,000 rows or 100 MB on]",
    ),
]
_LOUDNESS = [
    click.option("-v", "--verbose", is_flag=True, help="Show the SQL that is sent to the database."),
    click.option("-q", "--quiet", is_flag=True, help="Show no progress."),
]
_LIMITS = [
    click.option(
        "--lock-timeout",
        metavar="TIME",
        help="How long to wait for a lock at a time, as in 500ms, 2s, 10min.  [default: 2s]",
    ),
    click.option(
        "--lock-budget",
        metavar="TIME",
        help="How long a transaction may wait for locks in sum while it holds others that keep readers or writers"
        " waiting.  [default: 2s]",
    ),
    click.option(
        "--attempts",
        metavar="NUMBER",
        help="How often a transaction that did not get its locks is tried.  [default: 10]",
    ),
    click.option(
        "--patience",
        metavar="TIME",
        help="For how long it is tried, and another apply is waited for.  [default: 5min]",
    ),
    click.option(
        "--build-patience",
        metavar="TIME",
        help="How long CREATE and DROP INDEX CONCURRENTLY wait for others, in nobody's way.  [default: 10min]",
    ),
    click.option(
        "--statement-timeout",
        metavar="TIME",
        help="How long a step may run; 0 for as long as it takes.  [default: 0]",
    ),
]
_APPLYING = tuple("lock_timeout lock_budget attempts patience build_patience statement_timeout".split())
_SETTINGS = (
    *("database", "schema", "seeds", "include_path", "scratch", "require_fence", "author", "manage", "online"),
    *("load_timeout", "require_signature"),
    *_APPLYING,
)


def options(
    *, planning: bool, files: bool | None = None, writing: bool | None = None
) -> Callable[[_Function], _Function]:
    """The options of every command, and those of the commands that plan; `files` False leaves out the project's,
    `writing` False those that say how steps are written."""
    wanted = _FILES if (planning if files is None else files) else []
    wanted = wanted + (_PLANNING if planning else []) + (_WRITING if (planning if writing is None else writing) else [])

    def decorate(function: _Function) -> _Function:
        for option in reversed(_DATABASE + wanted + _LOUDNESS):
            function = option(function)
        return function

    return decorate


def limits(function: _Function) -> _Function:
    """The options that say how long an apply waits, and how often it tries."""
    for option in reversed(_LIMITS):
        function = option(function)
    return function


def settings(given: dict[str, Any]) -> dict[str, Any]:
    """The options that were given, as configuration."""
    found = {key: given[key] for key in _SETTINGS if given.get(key) not in (None, ())}
    if given.get("no_seeds"):
        if "seeds" in found:
            raise click.UsageError("--seeds and --no-seeds exclude each other.")
        found["seeds"] = False
    return found


def consent(function: _Function) -> _Function:
    """The options that agree to a plan beforehand."""
    for option in (
        click.option(
            "--approve",
            metavar="DIGEST",
            help="Agree beforehand to the plan with this digest, and to no other; losses too.",
        ),
        click.option("--allow", metavar="data-loss,…|all", multiple=True, help="Agree to these hazards beforehand."),
        click.option("--yes", is_flag=True, help="Agree to the plan beforehand, unless it loses data."),
    ):
        function = option(function)
    return function


sign = click.option(
    "--sign",
    metavar="KEY",
    help="Sign the saved plan: env:NAME, by the secret that this environment variable holds, or ssh:FILE, by this SSH"
    " key.",
)


def signer(given: dict[str, Any], environ: Mapping[str, str]) -> "Key | None":
    """The key that signs the plan that is saved. UsageError where it cannot be had, or nothing is saved."""
    if not given["sign"]:
        return None
    from dbsync.planning.signature import Key

    if not given["out"]:
        raise click.UsageError("--sign signs a plan that is saved: --out FILE saves it.")
    key = Key.parse(given["sign"], "--sign")
    key.check(environ)
    return key


def loading(function: _Function) -> _Function:
    """The options of the commands that only load the schema file."""
    scratch = click.option(
        "--scratch",
        metavar="WHERE",
        help="Where the schema file is loaded: local, embedded, server, the URL of another server, or auto, as for"
        " plans.  [default: auto]",
    )
    schema, _, _, include_path = _FILES
    return schema(include_path(scratch(_FENCE(_LOAD_TIMEOUT(function)))))


def without_part(given: dict[str, Any], names: Iterable[str], where: str) -> None:
    """Refuse those of these options that were given: here they would do nothing."""
    for name in names:
        if given[name] not in (None, False, ()):
            raise click.UsageError(f"--{name.replace('_', '-')} has no part in {where}.")


plan_format = click.option(
    "--format",
    "form",
    type=OneOf(["text", "sql", "json"]),
    default="text",
    show_default=True,
    help="A page for people, a script that psql runs, or JSON (docs/json.md).",
)

answer_format = click.option(
    "--format",
    "form",
    type=OneOf(["text", "json"]),
    default="text",
    show_default=True,
    help="For people, or JSON (docs/json.md).",
)


_OF_ANY = ("database", "require_signature", *_APPLYING)
"""Settings that have a part in an apply of a saved plan, too."""


def planning_options(found: dict[str, Any]) -> list[str]:
    """Those of the settings given as options that say how to plan, as they were written."""
    return [f"--{_option(key, value)}" for key, value in found.items() if key not in _OF_ANY]


def command_line(given: dict[str, Any]) -> str:
    """The apply that follows a plan made with these options, without a password in it."""
    return words("dbsync", "apply", **settings(given))


def words(*first: str, **options: str | bool | tuple[str, ...] | None) -> str:
    """A command line to type."""
    found = [shlex.quote(word) for word in first]
    for key, value in options.items():
        if isinstance(value, bool):
            found.append(f"--{_option(key, value)}")
            continue
        for one in value if isinstance(value, tuple) else (value,) if isinstance(value, str) else ():
            secret = key in ("database", "scratch") and _secret(one)
            found += [f"--{_option(key, value)}", "…" if secret else shlex.quote(one)]
    return " ".join(found)


def _option(key: str, value: object) -> str:
    return f"no-{key}" if value is False else key.replace("_", "-")


def _secret(url: str) -> bool:
    from dbsync.pg.target import Target

    return ("://" in url or "=" in url) and "password" in Target.parse(url).parameters
