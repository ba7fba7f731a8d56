"""A command of commands."""

import difflib

import click


class Group(click.Group):
    """Answers a mistyped command with the closest one, whatever click's version does."""

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named; UsageError where there is none."""
        name = args[0]
        if not name.startswith("-") and self.get_command(context, name) is None:
            found = difflib.get_close_matches(name, self.list_commands(context), 1, 0.5)
            hint = f" Did you mean {found[0]!r}?" if found else ""
            raise click.UsageError(f"There is no command {name!r}.{hint}", context)
        return super().resolve_command(context, args)
