"""What the comments of a schema file tell dbsync: `-- dbsync: renamed from old_name`.

A directive stands on a line before the statement, column, constraint, attribute or label that has the new name, or
behind it on its line. What it stands at is found in PostgreSQL's parse tree.
"""

import dataclasses
import difflib
import re
from collections.abc import Iterator

from dbsync.errors import SchemaError
from dbsync.load import tree
from dbsync.load.parts import Part, parts
from dbsync.load.source import failure
from dbsync.load.tokens import CLOSE, OPEN, tokens
from dbsync.model.text import Comment, Place, Script, Statement

_MARKED = re.compile(r"\s*dbsync\s*:\s*(?P<words>.*?)\s*", re.DOTALL | re.IGNORECASE)
_RENAMED = re.compile(r"renamed\s+from\b\s*(?P<name>.*)", re.DOTALL | re.IGNORECASE)
_ALMOST = re.compile(r"\s*(?P<mark>\w+)\s*:?\s+(?P<words>(?P<first>\w+)\s+from\s+\S.*?)\s*", re.DOTALL | re.IGNORECASE)
_WRITE = "write -- dbsync: renamed from old_name"

MAKES: dict[str, frozenset[str]] = {
    "CompositeTypeStmt": frozenset({"composite type"}),
    "CreateConversionStmt": frozenset({"conversion"}),
    "CreateDomainStmt": frozenset({"domain"}),
    "CreateEnumStmt": frozenset({"enum"}),
    "CreateEventTrigStmt": frozenset({"event trigger"}),
    "CreateFdwStmt": frozenset({"foreign data wrapper"}),
    "CreateForeignServerStmt": frozenset({"server"}),
    "CreateForeignTableStmt": frozenset({"foreign table"}),
    "CreateFunctionStmt": frozenset({"function", "procedure"}),
    "CreateOpClassStmt": frozenset({"operator class"}),
    "CreateOpFamilyStmt": frozenset({"operator family"}),
    "CreatePLangStmt": frozenset({"language"}),
    "CreatePolicyStmt": frozenset({"policy"}),
    "CreatePublicationStmt": frozenset({"publication"}),
    "CreateRangeStmt": frozenset({"range"}),
    "CreateSchemaStmt": frozenset({"schema"}),
    "CreateSeqStmt": frozenset({"sequence"}),
    "CreateStatsStmt": frozenset({"statistics"}),
    "CreateStmt": frozenset({"table"}),
    "CreateSubscriptionStmt": frozenset({"subscription"}),
    "CreateTableAsStmt": frozenset({"table", "materialized view"}),
    "CreateTrigStmt": frozenset({"trigger"}),
    "DefineStmt": frozenset(
        {
            "aggregate",
            "base type",
            "collation",
            "shell type",
            "text search configuration",
            "text search dictionary",
            "text search parser",
            "text search template",
        }
    ),
    "IndexStmt": frozenset({"index"}),
    "RuleStmt": frozenset({"rule"}),
    "ViewStmt": frozenset({"view"}),
}
"""The kinds of what a statement makes that has a name which can be changed."""

_WITH_PARTS = frozenset({"AlterTableStmt", "AlterDomainStmt", "AlterEnumStmt"})
"""Statements that make nothing but parts."""
_LISTS = frozenset({"CreateStmt", "CreateForeignTableStmt", "CompositeTypeStmt", "CreateEnumStmt"})
"""Statements whose parts stand in parentheses."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Directive:
    """That what a statement makes, or a part of it, had another name: `old` is the name, or the schema and the name."""

    statement: Statement
    part: Part | None
    old: tuple[str, ...]
    place: Place
    comment: str
    text: str = dataclasses.field(repr=False)
    """The whole text of the file."""

    def error(self, message: str, *, hint: str | None = None, detail: str | None = None) -> SchemaError:
        """An error that shows the directive."""
        return _error(self.text, self.place, self.comment, message, hint=hint, detail=detail)


def directives(script: Script) -> tuple[Directive, ...]:
    """The directives of a schema file, in their order. SchemaError for one that cannot be meant."""
    texts = dict(script.files)
    return tuple(one for comment in script.comments for one in _directive(script, comment, texts[comment.place.file]))


def marked(comment: Comment) -> str | None:
    """What stands behind `dbsync:` in a comment; None where that is not its beginning."""
    found = _MARKED.fullmatch(bare(comment))
    return found["words"] if found else None


def bare(comment: Comment) -> str:
    """The text of a comment without what opens and closes it."""
    return comment.text[2:].removesuffix("*/") if comment.text.startswith("/*") else comment.text[2:]


def _error(
    text: str, place: Place, comment: str, message: str, *, hint: str | None = None, detail: str | None = None
) -> SchemaError:
    return failure(text, place, message, length=len(comment.split("\n", 1)[0]), hint=hint, detail=detail)


def _directive(script: Script, comment: Comment, text: str) -> Iterator[Directive]:
    words = _words(comment, text)
    if words is None:
        return
    renamed = _RENAMED.fullmatch(words)
    if renamed is None:
        near = difflib.get_close_matches(" ".join(words.split()[:2]).lower(), ["renamed from"], cutoff=0.5)
        hint = f"did you mean renamed from? {_WRITE}" if near else f"{_WRITE}: there is no other directive"
        raise _error(text, comment.place, comment.text, f"dbsync knows no directive {words!r}", hint=hint)
    if comment.statement is None:
        raise _misplaced(comment, text, "no statement follows")
    statement = script.statements[comment.statement]
    part = _part(statement, comment, text)
    label = part is not None and part.kind == "label"
    old = _label(renamed["name"]) if label else _name(renamed["name"])
    if old is None:
        raise _bad_name(comment, text, renamed["name"], label=label)
    if len(old) > 1 and part:
        detail = f"A {part.kind} stands in no schema of its own."
        hint = f"write -- dbsync: renamed from {old[-1]}"
        raise _error(text, comment.place, comment.text, "a name without a schema is due here", detail=detail, hint=hint)
    yield Directive(statement=statement, part=part, old=old, place=comment.place, comment=comment.text, text=text)


def _words(comment: Comment, text: str) -> str | None:
    """What a comment says to dbsync; None where it speaks to people."""
    if (said := marked(comment)) is not None:
        return said
    if almost := _ALMOST.fullmatch(bare(comment)):
        mark = difflib.get_close_matches(almost["mark"].lower(), ["dbsync"], cutoff=0.7)
        if mark and difflib.get_close_matches(almost["first"].lower(), ["renamed"], cutoff=0.7):
            hint = f"write -- dbsync: {almost['words']}"
            raise _error(text, comment.place, comment.text, "this is almost a directive of dbsync", hint=hint)
    return None


def _part(statement: Statement, comment: Comment, text: str) -> Part | None:
    """The part that a directive is about; None for the object that the statement makes."""
    node = tree.node(statement.sql)
    found = parts(node, statement.sql) if node else []
    if comment.position is None:
        part = _only_part(statement, found, comment, text)
    elif found:
        part = _beside(statement, found, comment, text)
    elif "\n" in statement.sql[: comment.position]:
        raise _misplaced(comment, text, "it stands inside of a statement that has no parts with names")
    else:
        part = None
    if part is None and statement.node not in MAKES:
        raise _misplaced(comment, text, "nothing that PostgreSQL can rename is made here")
    if part and part.not_null:
        hint = "leave the directive out: dbsync gives a NOT NULL its name without one"
        raise _error(text, comment.place, comment.text, "a NOT NULL needs no directive", hint=hint)
    if part and not part.name:
        detail = "A constraint without a name gets one from PostgreSQL, made of the table's and its columns'."
        hint = "leave the directive out: what is equal in all but a name is renamed without one"
        raise _error(text, comment.place, comment.text, "what stands here has no name", detail=detail, hint=hint)
    return part


def _only_part(statement: Statement, found: list[Part], comment: Comment, text: str) -> Part | None:
    """For a directive outside of a statement that makes nothing but parts: its only one."""
    if statement.node not in _WITH_PARTS:
        return None
    outer = [part for part in found if not part.nested]
    if len(outer) == 1:
        return outer[0]
    if not outer:
        raise _misplaced(comment, text, "nothing that PostgreSQL can rename is made here")
    what = f"this could be about {' or '.join(f'{part.kind} {part.name}' for part in outer[:3])}"
    raise _error(text, comment.place, comment.text, what, hint="write it before or behind the one that is meant")


def _beside(statement: Statement, found: list[Part], comment: Comment, text: str) -> Part | None:
    """The part before a directive on its line, or else the one that follows; None outside of the parentheses."""
    position = comment.position or 0
    if statement.node in _LISTS and not _depth(statement.sql, position):
        return None
    line = statement.sql.rfind("\n", 0, position) + 1
    before = [part for part in found if part.start < position]
    ahead = statement.sql[line:position].strip()
    rest = statement.sql[position + len(comment.text) :].split("\n", 1)[0].strip()
    # With code behind it on its line it belongs to that, if nothing else has begun before it.
    if ahead and not (rest and ahead.endswith((",", "("))):
        here = [part for part in before if part.start >= line]
        nearest = [part for part in here if not part.nested] or here or before
        return nearest[-1] if nearest else None
    after = next((part for part in found if part.start > position), None)
    if after is None:
        raise _misplaced(comment, text, "nothing with a name follows in the statement")
    return after


def _depth(text: str, position: int) -> int:
    """How many parentheses are open at a position."""
    kinds = [one.kind for one in tokens(text) if one.start < position]
    return kinds.count(OPEN) - kinds.count(CLOSE)


def _name(written: str) -> tuple[str, ...] | None:
    """The parts of a name, as PostgreSQL reads them; None if it is none."""
    parsed = tree.parse(f"COMMENT ON TABLE {written}\nIS NULL")
    if parsed is None or len(parsed.stmts) != 1 or "--" in written:
        return None
    names = tuple(item.string.sval for item in parsed.stmts[0].stmt.comment_stmt.object.list.items)
    return names if 0 < len(names) <= 2 else None


def _label(written: str) -> tuple[str] | None:
    """A label: a string constant, or a single word, which is taken as it stands."""
    if re.fullmatch(r"[^\s'\"]+", written):
        return (written,)
    parsed = tree.parse(f"SELECT {written}")
    if parsed is None or len(parsed.stmts) != 1 or "--" in written:
        return None
    targets = parsed.stmts[0].stmt.select_stmt.target_list
    if len(targets) != 1 or targets[0].res_target.name:
        return None
    value = targets[0].res_target.val
    if value.HasField("column_ref") and len(value.column_ref.fields) == 1:
        return (value.column_ref.fields[0].string.sval,)
    return (value.a_const.sval.sval,) if value.HasField("a_const") and value.a_const.HasField("sval") else None


def _bad_name(comment: Comment, text: str, written: str, *, label: bool) -> SchemaError:
    if not written:
        return _error(text, comment.place, comment.text, "renamed from what?", hint=_WRITE)
    if label:
        hint = "write the label in quotes: -- dbsync: renamed from 'old label'"
    else:
        hint = 'write nothing but the name, with its schema where that was another one: app.plans, or "Old Name"'
    return _error(text, comment.place, comment.text, f"{written} is no {'label' if label else 'name'}", hint=hint)


def _misplaced(comment: Comment, text: str, why: str) -> SchemaError:
    hint = "write it on the line before the statement, column, constraint or label that has the new name, or behind it"
    return _error(text, comment.place, comment.text, f"there is nothing to rename here: {why}", hint=hint)
