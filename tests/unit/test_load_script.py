"""Reading schema files: statements, their ends and places, includes, and what is refused."""

from pathlib import Path

import pytest

from dbsync.errors import SchemaError
from dbsync.load.script import read_script
from dbsync.model.text import Script


def script(folder: Path, text: str | bytes, name: str = "schema.sql") -> Script:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_script(path)


def refused(folder: Path, text: str | bytes) -> SchemaError:
    with pytest.raises(SchemaError) as caught:
        script(folder, text)
    return caught.value


def sqls(folder: Path, text: str) -> list[str]:
    return [one.sql for one in script(folder, text).statements]


@pytest.mark.parametrize(
    "text",
    [
        "select ';'",
        "select ';''\\'",
        "select E'a\\';b'",
        "select E'a'\n 'b\\';c'",
        "select date'2020-01-01\\'",
        'select 1 as ";""a"',
        "select $$;$$",
        "select $a$;$$;$b$;$a$",
        "select $ä1$;$ä1$",
        "select a$b$c, d$ from t",
        "select $1",
        "select 1 /* ; /* nested ; */ ; */",
        "select 1 -- ;\n, 2",
        "select 'é', 数 from \"t;\"",
        "select a - -1, a/b, 5 @- 3",
        "create rule r as on insert to t do also (select 1; select 2)",
        "create function f() returns int begin atomic select 1; select case when true then 1 end; end",
        "create function f() returns int begin /* x */ atomic select 1; end",
        "create function begin() returns int language sql as 'select 1'",
        "create procedure p() language sql begin atomic; end",
        "select case when a then b end",
        'select begin."end" from t as begin',
    ],
)
def test_statements_end_where_they_end(tmp_path: Path, text: str) -> None:
    assert sqls(tmp_path, f"{text};\n\nselect 'next'") == [text, "select 'next'"]
    assert [one.strip() for one in sqls(tmp_path, f"/* c */ {text} ;\r\n-- end\n")] == [text]
    assert sqls(tmp_path, text) == [text]


def test_places_nodes_and_comments(tmp_path: Path) -> None:
    found = script(
        tmp_path, "-- first\n/* ü; */ create table ü (a int);\r\n\r\n  ALTER TABLE ü ADD b int;comment on table ü is ''"
    )
    name = str(tmp_path / "schema.sql")
    assert [(one.node, one.place.file, one.place.line, one.place.column) for one in found.statements] == [
        ("CreateStmt", name, 2, 10),
        ("AlterTableStmt", name, 4, 3),
        ("CommentStmt", name, 4, 27),
    ]
    assert found.files[0][0] == name


def test_what_the_parser_does_not_know_is_left_to_the_server(tmp_path: Path) -> None:
    found = script(tmp_path, "create tabel t (a int);\nselect 1;\ncreate table u (a int;\nselect 2;").statements
    assert [(one.node, one.place.line) for one in found] == [("", 1), ("SelectStmt", 2), ("", 3)]


def test_an_expression_too_deep_for_the_tree_is_left_to_the_server(tmp_path: Path) -> None:
    text = "select " + " || ".join("a" * 300)
    assert [one.node for one in script(tmp_path, text).statements] == [""]


def test_copy_takes_its_rows(tmp_path: Path) -> None:
    found = script(
        tmp_path,
        "copy t (a) from stdin;\n1\tx;'\n\\N\t\\\\.\n\\.\n\nselect 1;\nCOPY u FROM STDIN; -- none\r\n\\.\r\nselect 2",
    )
    assert [(one.node, one.data) for one in found.statements] == [
        ("CopyStmt", "1\tx;'\n\\N\t\\\\.\n"),
        ("SelectStmt", None),
        ("CopyStmt", ""),
        ("SelectStmt", None),
    ]
    assert found.statements[1].place.line == 6


def test_byte_order_mark_and_restrict_are_passed_over(tmp_path: Path) -> None:
    assert sqls(tmp_path, "\ufeff\\restrict aB'1\nselect 1;\n\n\\unrestrict aB'1\n") == ["select 1"]
    assert script(tmp_path, "").statements == ()
    assert script(tmp_path, "-- nothing\n/* at all */").statements == ()


def test_includes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a b.sql").write_text("select 'a';\n\\ir c.sql\n")
    (tmp_path / "sub" / "c.sql").write_text("select 'c'")
    (tmp_path / "d.sql").write_text("select 'd';")
    found = script(tmp_path, "select 0;\n\\ir 'sub/a b.sql'\n\\i d.sql\nselect 9;")
    assert [one.sql for one in found.statements] == ["select 0", "select 'a'", "select 'c'", "select 'd'", "select 9"]
    assert [Path(name).name for name, _ in found.files] == ["schema.sql", "a b.sql", "c.sql", "d.sql"]
    elsewhere = tmp_path / "sub" / "d.sql"
    elsewhere.write_text("select 'here';")
    monkeypatch.chdir(tmp_path / "sub")
    assert read_script(tmp_path / "schema.sql").statements[3].sql == "select 'here'"


def test_a_cycle_shows_its_chain(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_text("\\ir b.sql\n")
    (tmp_path / "b.sql").write_text("select 1;\n\\ir schema.sql\n")
    error = refused(tmp_path, "\\ir a.sql\n")
    assert "includes itself" in error.message
    assert error.detail == (
        f"{tmp_path}/schema.sql:1 includes {tmp_path}/a.sql\n{tmp_path}/a.sql:1 includes {tmp_path}/b.sql\n"
        f"{tmp_path}/b.sql:2 includes {tmp_path}/schema.sql"
    )


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("select 1;\n\\connect x", ":2:1: \\connect is a command of psql", "--create"),
        ("\\set x 1", ":1:1: \\set is a command of psql", "value itself"),
        ("select 1 \\gexec", ":1:10: \\gexec is a command", "statements themselves"),
        ("\\! rm -rf /", "\\! is a command of psql", "no program"),
        ("\\foo", "\\foo is a command of psql", "only \\i and \\ir"),
        ("select 1;\n\\.\n", ":2:1: \\. is a command", "COPY"),
        ("\\i", "takes the name of one file", "single quotes"),
        ("\\i `ls`", "takes the name of one file", "single quotes"),
        ("select 1\n\\i x.sql", ":1:1: a statement does not end", "semicolon"),
        ("select 1;\n\\i gone.sql", "gone.sql does not exist", "add the file"),
        ("select 1;\nselect 'a", ":2:8: unterminated quoted string", "nothing closes"),
        ("select E'a\\'", ":1:8: unterminated quoted string", "nothing closes"),
        ('select "a', ":1:8: unterminated quoted name", "nothing closes"),
        ("select $x$ $$", ":1:8: unterminated dollar-quoted string", "nothing closes"),
        ("/* /* */", ":1:1: unterminated comment", "nothing closes"),
        ("copy t from stdin;\n1\n", ":1:18: the rows of this COPY do not end", "\\."),
        ("copy t from stdin;", "the rows of this COPY do not end", "\\."),
        ("copy t from stdin; select 1;\n\\.\n", "begin on the next line", "below"),
        ("select 'a\0b'", ":1:10: a NUL character", "remove"),
        (b"select 1;\nselect '\xe9'", ":2: not UTF-8: byte 0xe9 at offset 18", "iconv"),
        ("select 1".encode("utf-16"), "is UTF-16", "iconv"),
    ],
)
def test_refused_with_place_and_hint(tmp_path: Path, text: str | bytes, message: str, hint: str) -> None:
    error = refused(tmp_path, text)
    assert message in error.message
    assert error.hint
    assert hint in error.hint


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="does not exist") as caught:
        read_script(tmp_path / "none.sql")
    assert caught.value.hint
    assert "pg_dump --schema-only" in caught.value.hint
    with pytest.raises(SchemaError, match="is a folder"):
        read_script(tmp_path)
