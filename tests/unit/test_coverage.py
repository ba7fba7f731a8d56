"""What dbsync says that it covers: read off the kinds, and up to date in docs/coverage.md."""

import json
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from dbsync import cli
from dbsync.codegen.coverage import kinds
from dbsync.kinds import KINDS
from dbsync.model.coverage import IN_PLACE, REMADE, Attribute
from dbsync.render.coverage import markdown

PAGE = Path(__file__).parents[2] / "docs" / "coverage.md"


def attribute(kind: str, name: str) -> Attribute:
    (found,) = [one for each in kinds() if each.name == kind for one in each.attributes if one.name == name]
    return found


def test_every_kind_is_told_of() -> None:
    assert {kind.name for kind in kinds()} == KINDS.keys() - {"unknown"}
    assert [kind.name for kind in kinds() if not kind.about] == []


@pytest.mark.parametrize(
    ("kind", "name", "changed"),
    [
        ("table", "row_security", IN_PLACE),
        ("table", "partition_key", REMADE),
        ("cast", "context", REMADE),
        ("enum", "labels", f"{IN_PLACE}; {REMADE} where a label goes or moves"),
    ],
)
def test_how_it_changes(kind: str, name: str, changed: str) -> None:
    assert attribute(kind, name).changed == changed


@pytest.mark.parametrize(
    ("kind", "name", "since"),
    [
        ("constraint", "enforced", 18),
        ("constraint", "validated", None),
        ("subscription", "origin", 16),
        ("subscription", "failover", 17),
        ("collation", "rules", 16),
        ("publication", "generated", 18),
        ("column", "not_null_valid", 18),
        ("column", "type", None),
    ],
)
def test_since_when(kind: str, name: str, since: int | None) -> None:
    assert attribute(kind, name).since == since


def test_what_is_said_of_fields_is_of_fields() -> None:
    for kind in KINDS.values():
        said = kind.fixed | kind.limits.keys()
        assert {field for field in said if field not in kind.__dataclass_fields__} == set(), kind
        assert kind.fixed & kind.limits.keys() == set(), kind


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == "\n".join(markdown(kinds())) + "\n", "dbsync kinds --format markdown > docs/coverage.md"


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kinds", "policy"]) == 0
    assert capsys.readouterr().out == (
        "policy\n"
        "  A policy of a table: which rows who may see and write.\n"
        "    permissive  made again\n"
        "    command     made again\n"
        "    roles       in place\n"
        "    using       in place; made again where it is taken away\n"
        "    check       in place; made again where it is taken away\n"
        "\n"
        "1 kind, 5 attributes; PostgreSQL 15 to 18\n"
    )


def test_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kinds", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    jsonschema.validate(document, json.loads(resources.files("dbsync.render").joinpath("schema.json").read_text()))
    assert len(document["kinds"]) == len(kinds())


def test_a_kind_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["kinds", "vew"]) == 2
    assert "error: there is no kind 'vew'\nhint: did you mean 'view'?" in capsys.readouterr().err
