"""A command of commands."""

import importlib
from collections import UserDict
from collections.abc import Mapping
from typing import Any

import click


class Group(click.Group):
    """Answers a mistyped command with the closest one, whatever click's version does."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named; UsageError where there is none."""
        name = args[0]
        if not name.startswith("-") and self.get_command(context, name) is None:
            import difflib

            found = difflib.get_close_matches(name, self.list_commands(context), 1, 0.5)
            hint = f" Did you mean {found[0]!r}?" if found else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", context)
        return super().resolve_command(context, args)


class LazyGroup(Group):
    """Imports a command when it is asked for, not to show the help, which `lines` has a line in for each.

    A command is what its module in the package is called: `plan` in dbsync.cli.plan.
    """

    def __init__(self, name: str | None = None, *, lines: Mapping[str, str], package: str, **more: Any):
        super().__init__(name, _Modules(lines, package), **more)
        self._lines = lines

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._lines[name]) for name in self.list_commands(ctx)])


class _Modules(UserDict[str, Any]):
    """The commands by name, in place of a name what it leads to from the first use on."""

    def __init__(self, lines: Mapping[str, str], package: str):
        super().__init__(dict.fromkeys(lines))
        self._lines = lines
        self._package = package

    def __getitem__(self, name: str) -> click.Command:
        command: click.Command | None = super().__getitem__(name)
        if command is None:
            command = getattr(importlib.import_module(f"{self._package}.{name}"), name)
            command.short_help = self._lines[name]
            self.data[name] = command
        return command
