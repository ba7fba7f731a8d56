"""The command `dbsync` with its subcommands."""

import difflib
import platform
from typing import Any

import click

import dbsync as package
from dbsync.cli.apply import apply
from dbsync.cli.history import history
from dbsync.cli.plan import plan


class _Group(click.Group):
    """Answers a mistyped command with the closest one, whatever click's version does."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(context, name) is None:
            found = difflib.get_close_matches(name, self.list_commands(context), 1, 0.5)
            hint = f" Did you mean {found[0]!r}?" if found else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", context)
        return super().resolve_command(context, args)


def _version(context: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value:
        click.echo(f"dbsync {package.__version__} on Python {platform.python_version()}, {platform.system()}")
        context.exit()


@click.group(
    cls=_Group,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Without a database named (--database, DATABASE_URL, PGHOST …), the embedded development database of"
    " the project is used.",
)
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_version, help="Show the version.")
def dbsync(**_nothing: Any) -> None:
    """Makes a PostgreSQL database what schema.sql says, with plans that are proven before they run."""


for _command in (plan, apply, history):
    dbsync.add_command(_command)
