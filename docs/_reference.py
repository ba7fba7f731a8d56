"""Writes the pages of docs/reference that say what the code says: run it after changes; a test compares.

python docs/_reference.py
"""

import ast
import dataclasses
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from dbsync import config, errors
from dbsync.cli.commands import dbsync

HERE = Path(__file__).parent
PACKAGE = HERE.parent / "dbsync"
NOTE = "<!-- Written by docs/_reference.py from the code: change that. -->"


def pages() -> dict[str, str]:
    """The text of each page, by its path in docs."""
    makers: dict[str, Callable[[], Iterator[str]]] = {
        "reference/commands.md": _commands,
        "reference/configuration.md": _configuration,
        "reference/exit-codes.md": _exit_codes,
        "reference/messages.md": _messages,
        "reference/runtime.md": _runtime,
        "reference/fixtures.md": _fixtures,
    }
    return {name: "\n".join([NOTE, "", *make()]).rstrip() + "\n" for name, make in makers.items()}


# ── Commands ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _commands() -> Iterator[str]:
    yield from ("# Commands", "", _prose(dbsync.help), "")
    yield from ("| command | what it does |", "|---|---|")
    for name, command in _sorted(dbsync):
        yield f"| [`dbsync {name}`](#dbsync-{name.replace(' ', '-')}) | {command.get_short_help_str(200)} |"
    yield ""
    yield from _epilog(dbsync)
    for name, command in _sorted(dbsync):
        yield from ("", f"## dbsync {name}", "")
        context = click.Context(command, info_name=f"dbsync {name}", **dbsync.context_settings)
        yield from ("```text", f"dbsync {name} {' '.join(command.collect_usage_pieces(context))}", "```", "")
        yield from (_prose(command.help), "")
        yield from ("| option | |", "|---|---|")
        for parameter in command.get_params(context):
            record = parameter.get_help_record(context)
            if isinstance(parameter, click.Option) and record:
                yield f"| `{_cell(record[0])}` | {_escaped(record[1])} |"
        yield ""
        yield from _epilog(command)


def _sorted(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if not command.hidden and (not isinstance(command, click.Group) or command.invoke_without_command):
            yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from _sorted(command, f"{prefix}{name} ")


def _epilog(command: click.Command) -> Iterator[str]:
    text = inspect.cleandoc((command.epilog or "").replace("\b", "")).strip()
    head, _, rest = text.partition("\n")
    if not text:
        return
    lines, more = [], []
    for line in rest.splitlines():
        (lines if line.startswith(" ") and not more else more).append(line)
    yield from (head, "", "```text", *textwrap.dedent("\n".join(lines)).splitlines(), "```", "")
    if any(more):
        yield from (_prose("\n".join(more)), "")


# ── Configuration ────────────────────────────────────────────────────────────────────────────────────────────────────


def _configuration() -> Iterator[str]:
    yield from ("# Configuration", "")
    yield _prose("""
        An option goes before the environment, the environment before the configuration file, that before the default.
        The file is `dbsync.toml`, or `[tool.dbsync]` in pyproject.toml: the nearest one, from the current folder
        upwards to the repository's. Paths in it count from its folder, and stay within the repository: what lies
        outside is named by an option or a variable, so that a changed file alone cannot have other files read.
        """)
    yield from ("", "| key | option | variable | default | |", "|---|---|---|---|---|")
    options: dict[str | None, click.Option] = {}
    for _, command in _sorted(dbsync):
        for option in command.params:
            if isinstance(option, click.Option) and option.help:
                options.setdefault(option.name, option)
    defaults = {one.name: one.default for one in dataclasses.fields(config.Config)}
    for key in config._READERS:
        option = options.get(key)
        default = defaults.get(key)
        words = {
            "online": "Which tables are changed in steps that block nobody for long: [large tables](../online.md).",
            "question_timeout": "How long live may take to answer one question about its rows.",
        }
        said = re.sub(r"\s*\[default: .*\]", "", option.help or "") if option else words[key]
        where = {"schema": "`schema.sql`", "seeds": "`seeds.sql` beside the schema file, if it exists"}
        shown = where.get(key) or (f"`{default}`" if default not in (None, (), dataclasses.MISSING) else "")
        given = f"`--{option.name.replace('_', '-')}`" if option and option.name else ""
        yield f"| `{key}` | {given} | `DBSYNC_{key.upper()}` | {shown} | {_escaped(said)} |"
    yield from ("", '```toml title="pyproject.toml"', "[tool.dbsync]", 'schema = "db/schema.sql"')
    yield from ('manage = ["privileges"]', 'lock_timeout = "500ms"', "```", "", "## Variables", "")
    yield from ("| variable | |", "|---|---|")
    named = ", ".join(f"`{name}`" for name in config._LIBPQ)
    yield from (
        "| `DATABASE_URL` | The database, where neither `--database` nor `DBSYNC_DATABASE` names one. |",
        f"| {named} | Name the database as they do for psql, where no URL does; libpq's others are heard, too. |",
        "| `DBSYNC_PG_BIN` | Folders with PostgreSQL programs, for scratch servers; separated by colons. |",
        "| `DBSYNC_CACHE` | Where copies of programs and empty data directories are kept. |",
        "| `DBSYNC_DEBUG` | `1` shows the traceback of an error. |",
        "| `NO_COLOR`, `FORCE_COLOR` | No colours; colours in pipes, too. |",
    )


# ── Errors ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _family() -> list[type[errors.DbsyncError]]:
    return list(errors.DbsyncError.__subclasses__())


def _exit_codes() -> Iterator[str]:
    yield from ("# Exit codes", "", "| code | kind | when |", "|---|---|---|")
    yield "| 0 | | Done, or nothing to do. |"
    yield (
        "| 1 | | `plan --exit-code`: there is something to do; `check`: something differs or needs mending;"
        " `models --check`: the file is not up to date. |"
    )
    for kind in sorted(_family(), key=lambda one: one.exit_code):
        if kind.__module__ == errors.__name__:
            yield f"| {kind.exit_code} | `{kind.__name__}` | {_prose(kind.__doc__)} |"
    yield from (
        "",
        "The kind is `error.kind` of a [JSON document](../json.md). What each message means and what to do:",
    )
    yield from ("[Messages](messages.md), [Troubleshooting](../howto/troubleshooting.md).",)


@dataclasses.dataclass(frozen=True)
class Message:
    """What an error says, with … for what it fills in."""

    kind: str
    text: str
    hint: str
    file: str


def messages() -> list[Message]:
    """Every error that the code raises, by reading the code."""
    kinds = {kind.__name__: (kind.__name__, 0) for kind in _family()}
    # Those of a place in a file are made by functions, which put the place before the message.
    kinds |= {"failure": ("SchemaError", 2), "error": ("SchemaError", 1), "Refuse": ("SchemaError", 0)}
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            kind, position = kinds.get(name, ("", 0))
            if not kind or (name not in errors.__dict__ and path.parent.name != "load"):
                continue
            hint = next((_said(word.value) for word in node.keywords if word.arg == "hint"), "")
            if name == "Refuse":
                hint = _said(node.args[1])
            text = _said(node.args[position]) if len(node.args) > position else ""
            if re.sub(r"[\s…:;.,()\"']", "", text):
                found.append(Message(kind, text, hint, str(path.relative_to(PACKAGE))))
    return list(dict.fromkeys(found))


def _said(node: ast.expr) -> str:
    """A text of the code as a pattern of what is printed."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr():
            return re.sub("…+", "…", "".join(_said(part) for part in node.values))
        case ast.BinOp(op=ast.Add()):
            return re.sub("…+", "…", _said(node.left) + _said(node.right))
        case ast.BoolOp(op=ast.Or(), values=[*_, last]):
            return _said(last)
        case ast.Constant(value=None):
            return ""
        case ast.Call(func=ast.Name(id="visible"), args=[inner]):
            return _said(inner)
        case _:
            return "…"


def _messages() -> Iterator[str]:
    yield from ("# Messages", "")
    yield _prose("""
        Every error that dbsync raises, with … for what it fills in. What PostgreSQL itself says of a statement is
        passed on in its own words, and is not in this list.
        """)
    for kind in sorted(_family(), key=lambda one: (one.exit_code, one.__name__)):
        found = [one for one in messages() if one.kind == kind.__name__]
        if not found:
            continue
        yield from ("", f"## {kind.__name__}", "", f"{_prose(kind.__doc__)} Exit code {kind.exit_code}.", "")
        yield from ("| message | what to do |", "|---|---|")
        for text, hint in sorted({(one.text, one.hint) for one in found}, key=lambda pair: (pair[0].lower(), pair)):
            yield f"| {_escaped(text)} | {_escaped('' if hint == '…' else hint)} |"


# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _runtime() -> Iterator[str]:
    import dbsync.runtime

    yield from ("# dbsync.runtime", "")
    head, _, rest = inspect.cleandoc(dbsync.runtime.__doc__ or "").partition("\n\n")
    code, _, tail = rest.partition("\n\n`")
    yield from (head, "", "```python", textwrap.dedent(code), "```", "", f"`{tail}", "")
    for name in sorted(dbsync.runtime.__all__):
        thing = getattr(dbsync.runtime, name)
        yield from ("", f"## {name}", "")
        if inspect.isclass(thing):
            yield from _class(thing)
        elif inspect.isfunction(thing):
            yield from ("```python", f"{name}{_signature(thing)}", "```", "", _prose(thing.__doc__))
        else:
            yield f"`{str(thing).replace('typing.', '')}`"


def _class(thing: type[Any]) -> Iterator[str]:
    yield from (_prose(thing.__doc__), "")
    if dataclasses.is_dataclass(thing):
        yield from ("| field | type | default |", "|---|---|---|")
        for field in dataclasses.fields(thing):
            default = "" if field.default is dataclasses.MISSING else f"`{field.default!r}`"
            yield f"| `{field.name}` | `{_cell(_type(field.type))}` | {default} |"
        return
    if not issubclass(thing, Exception):
        yield from ("```python", f"{thing.__name__}{_signature(thing)}", "```", "")
    for name, member in inspect.getmembers(thing):
        if name.startswith("_") or not callable(member) or not member.__doc__:
            continue
        if any(name in base.__dict__ for base in thing.__mro__ if base.__module__.startswith("dbsync.")):
            said = inspect.unwrap(member)
            mark = "await " if inspect.iscoroutinefunction(said) else ""
            mark = "async with " if inspect.isasyncgenfunction(said) else mark
            mark = "with " if inspect.isgeneratorfunction(said) else mark
            yield from (f"**`{mark}{name}{_signature(member)}`**", "", _prose(member.__doc__), "")


def _fixtures() -> Iterator[str]:
    from dbsync.testing import OwnDatabase, plugin

    yield from ("# Fixtures and options of pytest", "", "How they are used: [Tests](../howto/testing.md).", "")
    yield from ("| fixture | scope | what it is |", "|---|---|---|")
    for name, thing in vars(plugin).items():
        if marker := getattr(thing, "_fixture_function_marker", None):
            doc = _escaped(_prose(thing._get_wrapped_function().__doc__))
            yield f"| `{name}` | {marker.scope} | {doc} |"
    yield from ("", "| option | ini | |", "|---|---|---|")
    for name, _, what in plugin.SETTINGS:
        yield f"| `--dbsync-{name}` | `dbsync_{name}` | {_escaped(what)} |"
    yield from ("", "## OwnDatabase", "", _prose(OwnDatabase.__doc__), "")
    yield from ("| field | type |", "|---|---|")
    for field in dataclasses.fields(OwnDatabase):
        yield f"| `{field.name}` | `{_type(field.type)}` |"


def _signature(thing: Any) -> str:
    """As the code writes it."""
    if inspect.isclass(thing):
        thing = thing.__init__
    tree = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(thing)))).body[0]
    assert isinstance(tree, ast.FunctionDef | ast.AsyncFunctionDef)
    tree.args.args = [one for one in tree.args.args if one.arg != "self"]
    returns = ast.unparse(tree.returns) if tree.returns else "None"
    inner = re.fullmatch(r"(?:Async)?Iterator\[(.*)\]", returns)
    gives = "" if returns == "None" else f" as {inner[1]}" if inner else f" -> {returns}"
    return f"({ast.unparse(tree.args)}){gives}"


def _type(kind: Any) -> str:
    text = kind.__name__ if isinstance(kind, type) and not getattr(kind, "__args__", None) else str(kind)
    return re.sub(r"(typing|collections\.abc|dbsync\.[a-z.]+)\.", "", text)


# ── Words ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _prose(text: str | None) -> str:
    """A docstring as paragraphs, each in one line."""
    paragraphs = inspect.cleandoc(text or "").replace("\b", "").split("\n\n")
    return "\n\n".join(" ".join(one.split()) for one in paragraphs)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _escaped(text: str) -> str:
    """A text for a cell of a table, in which nothing of it is markup but code."""
    parts = re.split(r"(`[^`]*`)", _cell(" ".join(text.split())))
    return "".join(part if part.startswith("`") else re.sub(r"([*_<\[\]])", r"\\\1", part) for part in parts)


if __name__ == "__main__":
    for name, text in pages().items():
        path = HERE / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
