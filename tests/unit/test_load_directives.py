"""Directives of a schema file: what each is about, and what is said of those that cannot be meant."""

# ruff: noqa: E501

from collections.abc import Callable
from pathlib import Path

import pytest

from dbsync.errors import SchemaError
from dbsync.load.directives import Directive, directives
from dbsync.load.script import read_script

Read = Callable[[str], tuple[Directive, ...]]


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Reads the text of a schema file."""
    monkeypatch.chdir(tmp_path)

    def read(text: str) -> tuple[Directive, ...]:
        Path("schema.sql").write_text(text)
        return directives(read_script(Path("schema.sql")))

    return read


def about(found: tuple[Directive, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    """The statement's node, or the part, and the old name of each."""
    return [(one.part.kind, one.part.name, one.old) if one.part else ("", one.statement.node, one.old) for one in found]


@pytest.mark.parametrize(
    "text",
    [
        "-- dbsync: renamed from old\ncreate table t (a int);",
        "--dbsync:renamed from old\n\n-- a word to people\ncreate table t (a int);",
        "/* dbsync: renamed from old */ create table t (a int);",
        "create schema s; /* DBSYNC: Renamed From OLD */ create table t (a int);",
        "create table t (a int); -- dbsync: renamed from old",
        "create table t (a int) -- dbsync: renamed from old\n;",
        "create table t ( -- dbsync: renamed from old\n  a int\n);",
        "create table t -- dbsync: renamed from old\n( a int, b int);",
        "create table t (\n  a int\n) -- dbsync: renamed from old\nwith (fillfactor = 70);",
        "create table t (\n  a int\n)\n-- dbsync: renamed from old\nwith (fillfactor = 70);",
    ],
)
def test_about_the_statement(read: Read, text: str) -> None:
    assert about(read(text)) == [("", "CreateStmt", ("old",))]


@pytest.mark.parametrize(
    "text",
    [
        "create table t (\n  a int,\n  -- dbsync: renamed from old\n  b int,\n  c int\n);",
        "create table t (\n  a int,\n  b int, -- dbsync: renamed from old\n  c int\n);",
        "create table t (\n  a int,\n  b int -- dbsync: renamed from old\n);",
        "create table t (\n  a int,\n  b int\n    default 5, -- dbsync: renamed from old\n  c int\n);",
        "create table t (\n  ü int, ö text default 'äö', -- ß\n  b int, -- dbsync: renamed from old\n  c int\n);",
        "create table t (a int, /* dbsync: renamed from old */ b int, c int);",
        "create table t (a int, b int /* dbsync: renamed from old */, c int);",
        "create table t (a int, b int constraint k check (b > 0), -- dbsync: renamed from old\n c int);",
        "create table t (\n  b int /* dbsync: renamed from old */ constraint k check (b > 0)\n);",
        "-- dbsync: renamed from old\nalter table t add column b int;",
        "alter table t\n  add column a int,\n  -- dbsync: renamed from old\n  add column b int,\n  add column c int;",
        "alter table t\n  add column a int,\n  add column b int, -- dbsync: renamed from old\n  add column c int;",
        "create foreign table t (\n  a int,\n  b int -- dbsync: renamed from old\n) server s;",
    ],
)
def test_about_a_column(read: Read, text: str) -> None:
    assert about(read(text)) == [("column", "b", ("old",))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "create table t (\n  a int\n    -- dbsync: renamed from old\n    constraint k check (a > 0)\n);",
            ("constraint", "k", ("old",)),
        ),
        (
            "create table t (\n  a int,\n  constraint k check (a > 0) -- dbsync: renamed from old\n);",
            ("constraint", "k", ("old",)),
        ),
        (
            "-- dbsync: renamed from old\nALTER TABLE ONLY public.t\n    ADD CONSTRAINT k PRIMARY KEY (a);",
            ("constraint", "k", ("old",)),
        ),
        (
            "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT k PRIMARY KEY (a); -- dbsync: renamed from old",
            ("constraint", "k", ("old",)),
        ),
        (
            "create domain d as text\n  -- dbsync: renamed from old\n  constraint k check (value <> '');",
            ("domain constraint", "k", ("old",)),
        ),
        (
            "-- dbsync: renamed from old\nalter domain d add constraint k check (value <> '');",
            ("domain constraint", "k", ("old",)),
        ),
        ("create type t as (\n  a int,\n  b int -- dbsync: renamed from old\n);", ("attribute", "b", ("old",))),
        ("create type t as enum ('a', 'it''s', -- dbsync: renamed from old\n 'c');", ("label", "it's", ("old",))),
        ("create type t as enum (\n  -- dbsync: renamed from 'it''s'\n  'b'\n);", ("label", "b", ("it's",))),
        ("create type t as enum (\n  'b' -- dbsync: renamed from Big\n);", ("label", "b", ("Big",))),
        ("create type t as enum (\n  'b' -- dbsync: renamed from \"Two words\"\n);", ("label", "b", ("Two words",))),
        ("-- dbsync: renamed from old\nalter type t add value 'b';", ("label", "b", ("old",))),
    ],
)
def test_about_other_parts(read: Read, text: str, expected: tuple[str, str, tuple[str, ...]]) -> None:
    assert about(read(text)) == [expected]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Old", ("old",)),
        ('"Old one"', ("Old one",)),
        ("app.old", ("app", "old")),
        ('App."x.y"', ("app", "x.y")),
        ("café", ("café",)),
        ("old ", ("old",)),
    ],
)
def test_names_are_read_as_postgresql_reads_them(read: Read, name: str, expected: tuple[str, ...]) -> None:
    (one,) = read(f"-- dbsync: renamed from {name}\ncreate view v as select 1;")
    assert one.old == expected


@pytest.mark.parametrize(
    "text",
    [
        "-- dbsync made this\ncreate table t (a int);",
        "-- t was renamed from old\ncreate table t (a int);",
        "create function f() returns text language sql as '\n-- dbsync: renamed from x\nselect 1';",
        "create table t (a text default '-- dbsync: renamed from x');",
        'create table "-- dbsync: renamed from x" (a int);',
        "create table t (a int);\ncopy t from stdin;\n-- dbsync: renamed from x\n\\.\n",
        "-- see https://example.com/dbsync: renamed\ncreate table t (a int);",
    ],
)
def test_what_is_none(read: Read, text: str) -> None:
    assert read(text) == ()


def test_shown(read: Read) -> None:
    with pytest.raises(SchemaError) as caught:
        read("create table t (\n  a int, -- dbsync: rename from b\n  c int\n);")
    assert str(caught.value) == (
        "schema.sql:2:10: dbsync knows no directive 'rename from b'\n"
        "  --> schema.sql:2:10\n"
        "   |\n"
        " 2 |   a int, -- dbsync: rename from b\n"
        "   |          ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "hint: did you mean renamed from? write -- dbsync: renamed from old_name"
    )


NOTHING = "schema.sql:{}: there is nothing to rename here: "


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("-- dbsync: renmaed from b\ncreate table t ();", "schema.sql:1:1: dbsync knows no directive 'renmaed from b'", "did you mean renamed from"),
        ("-- dbsync: ignore\ncreate table t ();", "schema.sql:1:1: dbsync knows no directive 'ignore'", "there is no other"),
        ("-- dbsync:\ncreate table t ();", "schema.sql:1:1: dbsync knows no directive ''", "there is no other"),
        ("-- dbsync: renamed b\ncreate table t ();", "schema.sql:1:1: dbsync knows no directive 'renamed b'", "renamed from old_name"),
        ("-- dbsync: renamed from\ncreate table t ();", "schema.sql:1:1: renamed from what?", "renamed from old_name"),
        ("-- dbsync renamed from b\ncreate table t ();", "schema.sql:1:1: this is almost a directive of dbsync", "write -- dbsync: renamed from b"),
        ("-- dbsnyc: renamed from b\ncreate table t ();", "schema.sql:1:1: this is almost a directive of dbsync", "write -- dbsync: renamed from b"),
        ("-- dbsync: renamed from a b\ncreate table t ();", "schema.sql:1:1: a b is no name", "nothing but the name"),
        ("-- dbsync: renamed from a; drop table t\ncreate table t ();", "schema.sql:1:1: a; drop table t is no name", "nothing but the name"),
        ("-- dbsync: renamed from a.b.c\ncreate table t ();", "schema.sql:1:1: a.b.c is no name", "nothing but the name"),
        ("-- dbsync: renamed from 'a'\ncreate table t ();", "schema.sql:1:1: 'a' is no name", "nothing but the name"),
        ("-- dbsync: renamed from select\ncreate table t ();", "schema.sql:1:1: select is no name", "nothing but the name"),
        ("-- dbsync: renamed from a -- why\ncreate table t ();", "schema.sql:1:1: a -- why is no name", "nothing but the name"),
        ("create type t as enum (\n'a' -- dbsync: renamed from two words\n);", "schema.sql:2:5: two words is no label", "in quotes"),
        ("create table t (\n a int -- dbsync: renamed from s.b\n);", "schema.sql:2:8: a name without a schema is due here", "renamed from b"),
        ("create table t ();\n-- dbsync: renamed from b\n", NOTHING.format("2:1") + "no statement follows", "on the line before"),
        ("-- dbsync: renamed from b\n\\ir x.sql", NOTHING.format("1:1") + "no statement follows", "on the line before"),
        ("-- dbsync: renamed from b\ngrant select on t to public;", NOTHING.format("1:1") + "nothing that PostgreSQL can rename is made here", "on the line before"),
        ("-- dbsync: renamed from b\ncreate extension citext;", NOTHING.format("1:1") + "nothing that PostgreSQL can rename is made here", "on the line before"),
        ("-- dbsync: renamed from b\nalter table t drop column a;", NOTHING.format("1:1") + "nothing that PostgreSQL can rename is made here", "on the line before"),
        ("create table t (\n  a int\n  -- dbsync: renamed from b\n);", NOTHING.format("3:3") + "nothing with a name follows in the statement", "on the line before"),
        ("create view v as\nselect a, -- dbsync: renamed from b\n c from t;", NOTHING.format("2:11") + "it stands inside of a statement that has no parts with names", "on the line before"),
        ("create table t (\n  a int,\n  -- dbsync: renamed from b\n  check (a > 0)\n);", "schema.sql:3:3: what stands here has no name", "leave the directive out"),
        ("create table t (\n  a int\n  -- dbsync: renamed from b\n  constraint n not null\n);", "schema.sql:3:3: a NOT NULL needs no directive", "leave the directive out"),
        ("-- dbsync: renamed from b\nalter table t add column c int, add column d int;", "schema.sql:1:1: this could be about column c or column d", "before or behind the one"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(read: Read, tmp_path: Path, text: str, message: str, hint: str) -> None:
    (tmp_path / "x.sql").write_text("create table t ();")
    with pytest.raises(SchemaError) as caught:
        read(text)
    assert caught.value.message == message
    assert hint in (caught.value.hint or "")
    assert "^" in (caught.value.excerpt or "")
