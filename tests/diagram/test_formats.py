"""The diagram in each format."""

import functools
import importlib.resources
import itertools
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from click.testing import CliRunner
from rich.cells import cell_len

from dbsync.cli.commands import dbsync as group
from dbsync.diagram import drawer
from dbsync.diagram.figure import figure
from dbsync.diagram.model import Column, Diagram, Reference, Table
from dbsync.errors import DbsyncError, UsageError
from dbsync.render.page import Page

ROOT = Path(__file__).parents[2]
EVERY = Path(__file__).with_name("every.sql")
SVG = "{http://www.w3.org/2000/svg}"


@functools.cache
def run(*arguments: str) -> str:
    found = CliRunner().invoke(group, ["diagram", "-q", *arguments], catch_exceptions=False, standalone_mode=False)
    assert found.return_value == 0
    return found.stdout


def table(name: str, *columns: Column) -> Table:
    return Table(name=("public", name), columns=columns)


SHOP = Diagram(
    tables=(
        table("plans", Column(name="id", type="integer", nullable=False, primary=True)),
        table(
            "shops",
            Column(name="id", type="uuid", nullable=False, primary=True),
            Column(name="plan_id", type="integer", foreign=True),
            Column(name="host", type="text", comment="Where it is"),
        ),
    ),
    references=(
        Reference(
            name="shops_plan_id_fkey",
            table=("public", "shops"),
            columns=("plan_id",),
            target=("public", "plans"),
            target_columns=("id",),
            optional=True,
        ),
    ),
)


def many(count: int) -> Diagram:
    """Tables that each refer to all before them up to ten."""
    names = [f"table_{number:03}" for number in range(count)]
    key = Column(name="id", type="integer", nullable=False, primary=True)
    columns = [Column(name=f"{name}_id", type="integer", foreign=True) for name in names]
    references = [
        Reference(
            name="x",
            table=("public", names[one]),
            columns=(f"{names[other]}_id",),
            target=("public", names[other]),
            target_columns=("id",),
        )
        for one in range(count)
        for other in range(max(0, one - 10), one)
    ]
    tables = [table(name, key, *columns[max(0, one - 10) : one]) for one, name in enumerate(names)]
    return Diagram(tables=tuple(tables), references=tuple(references))


def test_text() -> None:
    assert drawer("text").draw(SHOP, Page()).split("\n") == [
        "┌─ plans ──────────────┐◄─┐",
        "│ PK id        integer │  │",
        "└──────────────────────┘  │",
        "┌─ shops ──────────────┐  │",
        "│ PK id           uuid │  │",
        "│ FK plan_id  integer? ├──┘",
        "│    host        text? │",
        "└──────────────────────┘",
    ]


def test_text_of_a_column_with_two_goals() -> None:
    second = Reference(
        name="x", table=("public", "shops"), columns=("plan_id",), target=("public", "shops"), target_columns=("id",)
    )
    both = Diagram(tables=SHOP.tables, references=(*SHOP.references, second))
    assert drawer("text").draw(both, Page()).split("\n")[3:6] == [
        "┌─ shops ──────────────┐◄─┐ │",
        "│ PK id           uuid │  │ │",
        "│ FK plan_id  integer? ├──●─┘",
    ]


def test_text_in_ascii() -> None:
    text = drawer("text").draw(SHOP, Page(ascii=True))
    assert text.isascii()
    assert text.split("\n")[:2] == ["+- plans --------------+<-+", "| PK id        integer |  |"]


@pytest.mark.parametrize("width", [30, 40, 60, 120])
def test_text_keeps_the_width(width: int) -> None:
    wide = [table("表" * 20, Column(name="名" * 30, type="character varying(20)"))]
    for diagram in (SHOP, many(14), Diagram(tables=(*many(14).tables, *wide), references=many(14).references)):
        for line in drawer("text").draw(diagram, Page(width=width)).split("\n"):
            assert cell_len(line) <= width


def test_text_without_room_for_lines_says_where_they_lead() -> None:
    assert "◄" in drawer("text").draw(SHOP, Page(width=40))
    narrow = drawer("text").draw(many(14), Page(width=48))
    assert "◄" not in narrow
    assert "→ table_003 │" in narrow


def test_text_of_too_many_tables() -> None:
    with pytest.raises(UsageError, match="101 tables are too many to be read as text") as caught:
        drawer("text").draw(many(101), Page())
    assert "--table NAME --depth 1" in (caught.value.hint or "")


def test_colours_are_only_added() -> None:
    from rich.text import Text

    coloured = drawer("text").draw(SHOP, Page(colour=True))
    assert "\x1b[" in coloured
    assert Text.from_ansi(coloured).plain == drawer("text").draw(SHOP, Page())


def test_mermaid() -> None:
    assert drawer("mermaid").draw(SHOP, Page()).split("\n") == [
        "erDiagram",
        '    shops }o--o| plans : "plan_id"',
        "    plans {",
        "        integer id PK",
        "    }",
        "    shops {",
        "        uuid id PK",
        '        integer plan_id FK "may be NULL"',
        '        text host "may be NULL; Where it is"',
        "    }",
    ]


def test_mermaid_of_odd_names() -> None:
    found = run("--schema", str(EVERY), "--format", "mermaid").split("\n")
    assert '    passports |o--|| people : "person"' in found
    assert '        text _pk "pk; may be NULL"' in found
    assert '        numeric(4_2)[] Größe_m_ "Größe m²; may be NULL"' in found
    assert "        varchar(20) name UK \"As 'others' call them\"" in found
    assert "        %% 1 partition" in found


def test_mermaid_says_what_it_does_not_draw(tmp_path: Path) -> None:
    schema = tmp_path / "schema.sql"
    schema.write_text(";".join(f"CREATE TABLE t{one} (id int PRIMARY KEY, up int REFERENCES t0)" for one in range(520)))
    found = CliRunner().invoke(group, ["diagram", "-q", "--schema", str(schema), "--format", "mermaid"])
    assert "Mermaid draws no more than 50,000 letters and 500 lines" in found.stderr
    around = [*"diagram -q --format mermaid --table t1 --schema".split(), str(schema)]
    assert CliRunner().invoke(group, around).stderr == ""


def test_mermaid_names_are_distinct() -> None:
    odd = Diagram(tables=(table('a"b'), table("a%b"), table("a_b"), table("A_b")), references=())
    assert drawer("mermaid").draw(odd, Page()).split("\n")[1:] == ['    "ab"', '    "a_b"', "    a_b", '    "A_b"']


def test_svg_is_well_formed_and_whole() -> None:
    found = ET.fromstring(run("--schema", str(EVERY), "--format", "svg"))
    texts = [element.text for element in found.iter(f"{SVG}text")]
    assert {"people", "shop.orders", "varchar(20)", "Größe m²", "1 partition", "UK"} <= {*texts}
    lines = [element for element in found.iter(f"{SVG}g") if element.get("class") == "line"]
    assert len(lines) == 5
    titles = [line.findtext(f"{SVG}title") for line in lines]
    assert "passports (person) → people (id), on delete cascade" in titles
    assert not [element for element in found.iter() if element.tag.endswith("script")]


def test_svg_follows_light_and_dark() -> None:
    assert "@media (prefers-color-scheme: dark)" in drawer("svg").draw(SHOP, Page())


def test_signs_of_lines() -> None:
    """A crow's foot at the many, one bar at each one, a ring for none."""
    for optional, single in itertools.product((False, True), repeat=2):
        one = Reference(
            name="x",
            table=("public", "shops"),
            columns=("plan_id",),
            target=("public", "plans"),
            target_columns=("id",),
            optional=optional,
            single=single,
        )
        svg = ET.fromstring(drawer("svg").draw(Diagram(tables=SHOP.tables, references=(one,)), Page()))
        signs = next(path.get("d", "") for path in svg.iter(f"{SVG}path") if path.get("class") == "sign")
        assert signs.count("a4 4") // 2 == 1 + optional
        assert signs.count("v10") == single + 2 - optional


def test_every_line_ends_at_its_rows() -> None:
    diagram = many(30)
    found = figure(diagram)
    frames = {frame.table.name: frame for frame in found.frames}
    assert [line.reference for line in found.lines] == [*diagram.references]
    for line in found.lines:
        for name, column, (x, y) in (
            (line.reference.table, line.reference.columns[0], line.way[0]),
            (line.reference.target, line.reference.target_columns[0], line.way[-1]),
        ):
            frame = frames[name]
            top = frame.y + 36 + 24 * frame.table.rows[column]
            assert top < y < top + 24
            assert x in (frame.x, frame.x + frame.width)


def test_json() -> None:
    found = json.loads(run("--schema", str(EVERY), "--format", "json"))
    schema = importlib.resources.files("dbsync.render").joinpath("schema.json").read_text()
    jsonschema.validate(found, json.loads(schema))
    assert found["command"] == "diagram"
    assert [one["name"] for one in found["tables"]][1] == ["public", "people"]
    assert found["references"][0]["target_columns"] == ["id"]


def test_the_schema_of_this_repository(tmp_path: Path) -> None:
    out = tmp_path / "docs" / "schema.svg"
    assert run("--schema", str(ROOT / "schema.sql"), "--out", str(out)) == ""
    texts = [element.text for element in ET.parse(out).iter(f"{SVG}text")]
    assert {"plans", "app_instances", "jobs", "job_items", "publish_logs", "job_status"} <= {*texts}
    around = run("--schema", str(ROOT / "schema.sql"), "--table", "plans", "--table", "public.jobs", "--depth", "0")
    assert [line.split()[1] for line in around.split("\n") if line.startswith("┌")] == ["jobs", "plans"]


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("job", "there is no table 'job'", "did you mean 'jobs'?"),
        ("zzz", "there is no table 'zzz'", "known are "),
    ],
)
def test_unknown_table(name: str, message: str, hint: str) -> None:
    with pytest.raises(DbsyncError, match=message) as caught:
        run("--schema", str(ROOT / "schema.sql"), "--table", name)
    assert (caught.value.hint or "").startswith(hint)


def test_ambiguous_table() -> None:
    with pytest.raises(UsageError, match="more than one table is named 'people'") as caught:
        run("--schema", str(EVERY), "--table", "people")
    assert caught.value.hint == "write one of people, shop.people"


def test_no_tables(tmp_path: Path) -> None:
    (tmp_path / "schema.sql").write_text("CREATE VIEW one AS SELECT 1;")
    for form in ("text", "svg", "mermaid", "json"):
        run("--schema", str(tmp_path / "schema.sql"), "--format", form)
