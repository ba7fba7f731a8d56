"""The independent witness: what pg_dump says of two databases, compared entry by entry, the order of columns apart."""

import dataclasses
import difflib
import functools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping

from dbsync.model.objects import Id

_HEADER = "-- Name: "
_SETTINGS = ("SET default_table_access_method = ", "SET default_tablespace = ")
_HEADERS = re.compile(rf"^({_HEADER}.*; Type: .*)$", re.MULTILINE)
# Lines that belong to no entry: settings, and what is said of the dump as a whole.
_BESIDE = re.compile(
    "|".join((*(f"^{one}" for one in _SETTINGS), r"^\\(?:un)?restrict", "^-- PostgreSQL database")), re.M
)
_NAME = r'(?:[^\s"]+|"(?:[^"]|"")+")'
_NOT_NULL = re.compile(rf"CONSTRAINT {_NAME} NOT NULL(?! \w)")
# As the last words of a column's line, or on a line of its own, with the column's name.
_NOT_NULL_OF_TABLE = re.compile(
    rf"(?: CONSTRAINT {_NAME})? NOT NULL(?: NO INHERIT)?(?=,?$)"
    rf"|^ +(?:CONSTRAINT {_NAME} )?NOT NULL {_NAME}(?: NO INHERIT)?,?\n",
    re.MULTILINE,
)
_MAINTAIN = re.compile(r"\bMAINTAIN,|,MAINTAIN\b")
_ALL_ELSE = "SELECT,INSERT,REFERENCES,DELETE,TRIGGER,TRUNCATE,UPDATE"
_OWNER = re.compile(r"^ALTER .* OWNER TO .*;\Z", re.MULTILINE)
_PRIVILEGES = frozenset({"ACL", "DEFAULT ACL"})
_RELATIONS = frozenset({"TABLE", "FOREIGN TABLE"})

Entries = dict[str, Counter[str]]


@dataclasses.dataclass(frozen=True)
class _Entry:
    """One object of a dump, as its header names it, with its text, which does not begin or end in empty lines."""

    header: str
    body: str
    settings: Mapping[str, str]

    @functools.cached_property
    def type(self) -> str:
        parts = self.header.split("; ")
        return next((part.removeprefix("Type: ") for part in parts if part.startswith("Type: ")), "")

    @functools.cached_property
    def name(self) -> str:
        return self.header.removeprefix(_HEADER).split("; ")[0]

    def text(self, *, not_nulls: bool, maintain: bool, owners: bool) -> str:
        body = self.body
        if not owners and (found := _OWNER.search(body)):
            body = body[: found.start()].rstrip()
        if not not_nulls and self.type in _RELATIONS:
            body = _NOT_NULL_OF_TABLE.sub("", body)
        if not not_nulls and self.type == "DOMAIN":
            body = _NOT_NULL.sub("NOT NULL", body)
        if not maintain and self.type in _PRIVILEGES:
            body = _MAINTAIN.sub("", body).replace(_ALL_ELSE, "ALL")
        if self.type in _RELATIONS | _PRIVILEGES:
            body = "\n".join(sorted(line.rstrip().rstrip(",") for line in body.split("\n")))
        if self.type in ("TABLE", "MATERIALIZED VIEW", "INDEX", "CONSTRAINT"):
            body += "".join(f"\n-- {name}{value}" for name, value in sorted(self.settings.items()))
        return body


def entries(
    dump: str,
    left_out: Iterable[Id] = (),
    *,
    not_nulls: bool = True,
    maintain: bool = True,
    owners: bool = True,
    privileges: bool = True,
) -> Entries:
    """The entries of a dump by their headers, but for those of some objects and of what hangs on them.

    Without `not_nulls`, what only PostgreSQL 18 knows of not-null constraints does not count: their names, and whether
    a table has one of its own or inherits it; without `maintain`, ALL is all other privileges; without `owners` and
    `privileges` the dump reads as if pg_dump had been asked to leave them out.
    """
    names = {f"{one.kind.upper()} {one.path[-1]}" for one in left_out}
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for entry in _entries(dump):
        if entry.type in _PRIVILEGES and not privileges:
            continue
        if entry.name not in names and f"{entry.type} {entry.name}" not in names:
            found[entry.header][entry.text(not_nulls=not_nulls, maintain=maintain, owners=owners)] += 1
    return found


def _entries(dump: str) -> Iterator[_Entry]:
    settings: dict[str, str] = {}
    before, *parts = _HEADERS.split(dump)
    for header, text in zip(("", *parts[::2]), (before, *parts[1::2]), strict=True):
        own = settings
        lines = text.split("\n")
        if _BESIDE.search(text):
            found: list[str] = []
            for line in lines:
                if setting := next((name for name in _SETTINGS if line.startswith(name)), None):
                    settings = {**settings, setting: line.removeprefix(setting)}
                    own = own if "".join(found).strip("-") else settings
                elif not _BESIDE.match(line):
                    found.append(line)
            lines = found
        if header:
            body = "\n".join(line for line in lines if line != "--").strip()
            yield _Entry(header.rsplit("; Owner: ", 1)[0], body, own)


def difference(replayed: Entries, desired: Entries) -> list[str]:
    """What differs, entry by entry, as lines of a diff; empty when both say the same."""
    lines: list[str] = []
    for header in sorted(replayed.keys() | desired.keys()):
        one, other = replayed.get(header, Counter()), desired.get(header, Counter())
        if one != other:
            lines.append(header.removeprefix(_HEADER))
            before = "\n".join(sorted((one - other).elements())).split("\n")
            after = "\n".join(sorted((other - one).elements())).split("\n")
            lines += list(difflib.unified_diff(before, after, "replayed", "desired", n=1, lineterm=""))[2:]
    return lines
