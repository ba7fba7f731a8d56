"""What is said of an author that cannot write a plan."""

from pathlib import Path

import pytest

from dbsync.errors import NoPlan
from dbsync.pg.target import Target
from dbsync.planning.planner import PlanRequest, make_plan
from tests.plugins.database import MakeDatabase

# migra fails on a table with two parents.
SCHEMA = "create table p (a int); create table q (b int); create table k (c int) inherits (p, q);"


def request_for(target: Target, folder: Path, author: str) -> PlanRequest:
    schema = folder / "schema.sql"
    schema.write_text(SCHEMA)
    return PlanRequest(target=target, schema=schema, author=author, scratch="embedded")


def test_an_author_that_fails_alone_is_no_plan(make_database: MakeDatabase, tmp_path: Path) -> None:
    with pytest.raises(NoPlan, match="migra could not compare"):
        make_plan(request_for(make_database(), tmp_path, "migra"), lambda _: None)


def test_an_author_that_fails_beside_another_is_named(make_database: MakeDatabase, tmp_path: Path) -> None:
    plan = make_plan(request_for(make_database(), tmp_path, "best"), lambda _: None)
    assert any(note.startswith("migra could not compare") for note in plan.notes)
    assert {one.step.author for one in plan.steps} == {"dbsync"}
