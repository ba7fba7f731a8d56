"""Nothing that dbsync writes holds raw characters that steer a terminal, turn a line around or hide in it."""

import ast
import json
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect
from dbsync.render.plain_sql import plain_sql
from dbsync.visible import in_json, steers, visible

Captured = pytest.CaptureFixture[str]

BAD = (
    "\x01\x07\x08\x0b\x0c\x1b\x7f\x85\x90\x9b\u061c\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d"
    "\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\ufff9\U000e0041"
)


def raw(text: str) -> set[str]:
    """The raw characters of a text that is made of lines."""
    return {
        hex(ord(one)) for one in text if one not in "\n\t" and unicodedata.category(one) in ("Cc", "Cf", "Zl", "Zp")
    }


def schema(mark: str) -> str:
    """A bit of everything that has a name, a value, an expression or a comment."""
    return f"""
        create type "kind{mark}" as enum ('a{mark}', 'plain');
        create domain "short{mark}" as text check (value <> 'x{mark}');
        create table "items{mark}" (
            id integer primary key, "name{mark}" text not null default 'n{mark}', k "kind{mark}" default 'a{mark}',
            s "short{mark}", constraint "c{mark}" check ("name{mark}" <> E'y\\n{mark}')
        );
        create table parts{mark} (id integer primary key, item integer references "items{mark}");
        create index "i{mark}" on "items{mark}" (("name{mark}" || 'z{mark}'));
        create view "v{mark}" as select id, 'w{mark}'::text as "t{mark}" from "items{mark}";
        create function "f{mark}"("p{mark}" integer) returns text language plpgsql as $b$
        begin -- {mark}
            return 'q''\\{mark}';
        end $b$;
        comment on table "items{mark}" is 'about{mark}';
        comment on column "items{mark}"."name{mark}" is 'of{mark} "this" */ {mark} \\';
        comment on column "items{mark}".id is 'one line{mark}';
        comment on type "kind{mark}" is 'kinds{mark}';
        comment on view "v{mark}" is E'two\\nlines{mark}';
    """


@pytest.fixture
def project(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    (tmp_path / ".git").mkdir()
    # A plain name cannot hold what counts as space.
    (tmp_path / "schema.sql").write_text(
        schema("\x1b\x9b\u202e\u2066\u200b\ufeff\u2028\U000e0041").replace("parts\x1b", "parts")
    )
    return database


@pytest.mark.usefixtures("kept_scratch")
def test_every_text_that_is_written(project: Target, capsys: Captured) -> None:
    def run(*words: str, code: int = 0) -> str:
        status = cli.main([*words])
        told = capsys.readouterr()
        assert status == code, (words, told.err)
        assert raw(told.out + told.err) == set(), words
        return told.out

    for form in ("text", "sql", "json"):
        run("plan", "--format", form)
    run("plan", "--out", "plan.json")
    assert raw(Path("plan.json").read_text()) == set()
    for form in ("dataclasses", "pydantic", "typescript", "sqlalchemy"):
        run("models", "--format", form)
    for form in ("text", "svg", "mermaid", "json"):
        run("diagram", "--format", form)
    run("apply", "plan.json", "--yes")
    run("report", "--out", "report.html")
    assert raw(Path("report.html").read_text()) == set()
    run("history")
    run("history", "show", "1")
    run("history", "--format", "json")
    run("history", "show", "1", "--format", "json")
    run("check")
    run("undo", "--plan")
    with connect(project) as live:
        live.execute('drop view public."v\x1b\x9b\u202e\u2066\u200b\ufeff\u2028\U000e0041"')
        live.execute('insert into public."items\x1b\x9b\u202e\u2066\u200b\ufeff\u2028\U000e0041" values (1)')
    run("check", code=1)
    run("plan", "-v")
    Path("schema.sql").write_text("create table \u202e\x1b (id wrong\u2066\x1btype);")
    run("plan", code=3)
    run("plan", "--format", "json", code=3)


@pytest.mark.usefixtures("kept_scratch")
@pytest.mark.parametrize("form", ["dataclasses", "pydantic", "typescript", "sqlalchemy"])
def test_models_of_plain_names(project: Target, capsys: Captured, form: str) -> None:
    """Comments, defaults and labels may hold anything, and the values of labels stay right."""
    mark = BAD[-16:]
    Path("schema.sql").write_text(
        f"""create type kind as enum ('a{mark}', 'b');
            create table items (id integer primary key, name text default 'n{mark}', k kind default 'a{mark}',
                                check (name <> 'c{mark}'));
            comment on table items is 'about{mark}'; comment on column items.name is 'of{mark}';
            comment on type kind is 'kind{mark}';"""
    )
    assert cli.main(["models", "--format", form]) == 0
    text = capsys.readouterr().out
    assert raw(text) == set()
    if form != "typescript":
        labels = [one.value for one in ast.walk(ast.parse(text)) if isinstance(one, ast.Constant)]
        assert f"a{mark}" in labels


@pytest.mark.usefixtures("kept_scratch")
def test_what_a_script_makes_is_the_same(project: Target, capsys: Captured) -> None:
    """The script with its escapes makes what the plan makes."""
    assert cli.main(["plan", "--format", "sql"]) == 0
    script = capsys.readouterr().out
    with psycopg.connect(project.conninfo(), autocommit=True) as live:
        lines = [line for line in script.split("\n") if not re.match(r"\\[a-z]|.*\\gset$", line)]
        live.execute("\n".join(lines).encode())
    assert cli.main(["plan", "--exit-code"]) == 0


@pytest.mark.parametrize(
    "write",
    [
        lambda mark: f"select 'a''{mark}\\{mark}'",
        lambda mark: f"select E'\\x41\\\\{mark}\\{mark}\\''",
        lambda mark: f"select e'{mark}'",
        lambda mark: f"select U&'\\0041{mark}\\\\'",
        lambda mark: f"select $tag${mark} '' \\ $ {mark}$tag$",
        lambda mark: f"select $${mark}$$ /* {mark} */ -- {mark}\n",
        lambda mark: (
            f'select column_name from (select 1 as "Ab""\\{mark}") x, lateral (select \'{mark}\') y (column_name)'
        ),
        lambda mark: f'select to_jsonb(x)::text from (select 1 as "Ab""\\{mark}", 2 as U&"\\0041{mark}") x',
        lambda mark: f"select 'line\n\ttab{mark}'",
    ],
)
def test_a_statement_says_the_same(transaction: Any, write: Callable[[str], str]) -> None:
    for one in BAD:
        statement = write(one)
        written = plain_sql(statement)
        assert written is not None
        assert raw(written) == set()
        assert transaction.execute(written.encode()).fetchall() == transaction.execute(statement.encode()).fetchall()


def test_names_without_quotes(transaction: Any) -> None:
    """Marks of direction and the like are letters of a name to PostgreSQL."""
    statement = "select to_jsonb(x)::text from (select 1 as Ab\u202eC) x"
    written = plain_sql(statement)
    assert written is not None
    assert raw(written) == set()
    assert transaction.execute(written.encode()).fetchall() == transaction.execute(statement.encode()).fetchall()


def test_what_needs_no_escape_stays() -> None:
    for text in ("select 'ü 数 \U0001f600'", "select $$a\r\nb$$", "select 1\r\n, 'soft\u00adhyphen'"):
        assert plain_sql(text) == text


def test_json_says_the_same() -> None:
    document = json.dumps({f"a{BAD}": [BAD, "ü", "\n\r\t"]}, ensure_ascii=False, indent=1)
    written = in_json(document)
    assert raw(written) == set()
    assert json.loads(written) == json.loads(document)


def test_every_character_that_steers() -> None:
    for one in BAD:
        assert steers(one)
        assert visible(one).isprintable()
