"""How the databases of a plan are made side by side, and when a draft is taken without asking for another."""

import dataclasses
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dbsync.authors import migra
from dbsync.errors import NoPlan, SchemaError
from dbsync.load.run import Loaded
from dbsync.model.text import Script
from dbsync.pg.connect import Target, connect
from dbsync.planning import drafting, planner, proof
from dbsync.planning.proof import NotProvenError
from dbsync.planning.request import PlanRequest
from dbsync.planning.workspace import Workspace

TABLE = "create table public.t (id integer primary key, a text);\n"


@pytest.fixture
def request_(database: Target, tmp_path: Path) -> PlanRequest:
    """Of a database that lacks a column."""
    schema = tmp_path / "schema.sql"
    schema.write_text(TABLE.replace(");", ", b text);"))
    with connect(database) as session:
        session.execute(TABLE.encode())
    return PlanRequest(target=database, schema=schema, scratch="embedded", environ=os.environ)


@pytest.fixture
def by_another(request_: PlanRequest) -> Iterator[PlanRequest]:
    """The same by a role that is no superuser and can become none."""
    with connect(request_.target) as session:
        session.execute("create role dbsync_maker login")
        session.execute("grant create on schema public to dbsync_maker; alter table public.t owner to dbsync_maker")
    try:
        target = Target({**request_.target.parameters, "user": "dbsync_maker"})
        connect(target).close()
        yield dataclasses.replace(request_, target=target)
    finally:
        with connect(request_.target) as session:
            session.execute("drop owned by dbsync_maker cascade; drop role dbsync_maker")


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the copy waited for: nothing, or the file that was loaded first; nothing at all where none was made."""
    seen: list[str] = []
    copy = Workspace.copy
    loaded: list[str] = []
    load = Workspace.load

    def noted(self: Workspace, *arguments: Any) -> list[str]:
        seen.append("after the file" if loaded else "beside")
        return copy(self, *arguments)

    def slow(self: Workspace, script: Script) -> Loaded:
        time.sleep(1)
        done = load(self, script)
        loaded.append("")
        return done

    monkeypatch.setattr(Workspace, "copy", noted)
    monkeypatch.setattr(Workspace, "load", slow)
    return seen


def steps(request: PlanRequest) -> list[tuple[str, str]]:
    plan = planner.make_plan(request, lambda _: None)
    return [(one.step.author, " ".join(one.step.sql.replace('"', "").split()).lower()) for one in plan.steps]


def test_a_role_that_can_become_no_superuser(by_another: PlanRequest, copying: list[str]) -> None:
    assert steps(by_another) == [("migra", "alter table public.t add column b text")]
    assert copying == ["beside"]


def test_for_a_superuser_the_file_is_loaded_first(request_: PlanRequest, copying: list[str]) -> None:
    assert steps(request_) == [("migra", "alter table public.t add column b text")]
    assert copying == ["after the file"]


def test_no_author_sees_the_history(request_: PlanRequest) -> None:
    with connect(request_.target) as session:
        session.execute("create schema dbsync; create table dbsync.history (a integer primary key)")
    assert steps(request_) == [("migra", "alter table public.t add column b text")]


@pytest.mark.pg(">= 18")
def test_live_that_is_what_the_file_says_is_not_copied(request_: PlanRequest, copying: list[str]) -> None:
    request_.schema.write_text(TABLE)
    with connect(request_.target) as session:
        session.execute("create schema dbsync; create table dbsync.history (a integer)")
        session.execute("create function public.f() returns integer return 1; grant select on public.t to public")
    request_.schema.write_text(f"{TABLE} create function f() returns integer return 1;")
    plan = planner.make_plan(request_, lambda _: None)
    assert (plan.empty, plan.changes, plan.proof.witness) == (True, (), "pg_dump")
    assert copying == []


def test_what_only_the_witness_sees_is_looked_at_on_a_copy(
    request_: PlanRequest, copying: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_.schema.write_text(TABLE.replace("integer", "bigint"))
    monkeypatch.setattr(planner, "compare", lambda *_: ())
    with pytest.raises(NoPlan, match="integer"):
        steps(request_)
    assert copying == ["after the file"]


def test_words_that_a_reload_changes_are_looked_at_on_a_copy(request_: PlanRequest, copying: list[str]) -> None:
    with connect(request_.target) as session:
        session.execute("create table public.v (s varchar check (s in ('a', 'b')))")
    with connect(request_.target) as session:
        (printed,) = session.execute("select pg_get_constraintdef(oid) from pg_constraint where conname = 'v_s_check'")
    request_.schema.write_text(f"{TABLE} create table v (s varchar, constraint v_s_check {printed[0]});")
    plan = planner.make_plan(request_, lambda _: None)
    assert (plan.empty, plan.changes, plan.proof.witness) == (True, (), "pg_dump")
    assert copying == ["after the file"]


def test_a_role_that_may_become_a_superuser(by_another: PlanRequest, request_: PlanRequest, copying: list[str]) -> None:
    with connect(request_.target) as session:
        session.execute("create role dbsync_mighty superuser; grant dbsync_mighty to dbsync_maker")
    try:
        assert steps(by_another)
    finally:
        with connect(request_.target) as session:
            session.execute("drop role dbsync_mighty")
    assert copying == ["after the file"]


def test_a_file_that_cannot_be_loaded_ends_the_copying(by_another: PlanRequest, copying: list[str]) -> None:
    with connect(by_another.target) as session:
        for number in range(50):
            session.execute(f"create table public.t{number} (id integer primary key)".encode())
    by_another.schema.write_text("select 1;\nnonsense;\n")
    with pytest.raises(SchemaError, match=r"schema\.sql:2:1"):
        steps(by_another)
    assert copying == ["beside"]


def test_plain_changes_of_a_large_schema_need_no_migra(request_: PlanRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafting, "_LARGE", 0)
    monkeypatch.setattr(migra, "write", lambda *_: pytest.fail("migra was asked"))
    assert steps(request_) == [("dbsync", "alter table public.t add column b text")]


@pytest.mark.parametrize("column", ["a varchar(9)", "a date"], ids=["a loss", "a rewrite"])
def test_others_are_asked_for_both_drafts(request_: PlanRequest, monkeypatch: pytest.MonkeyPatch, column: str) -> None:
    monkeypatch.setattr(drafting, "_LARGE", 0)
    request_.schema.write_text(TABLE.replace("a text", column))
    asked = []
    write = migra.write

    def noted(*sides: Any) -> Any:
        asked.append(sides)
        return write(*sides)

    monkeypatch.setattr(migra, "write", noted)
    assert steps(request_)
    assert asked


@pytest.mark.parametrize(("failing", "author"), [(1, "dbsync"), (2, "migra")])
def test_a_draft_that_is_not_proven_is_not_the_last(
    request_: PlanRequest, monkeypatch: pytest.MonkeyPatch, failing: int, author: str
) -> None:
    monkeypatch.setattr(drafting, "_LARGE", 0)
    tries = []
    prove = proof.prove

    def first_fail(*arguments: Any, **more: Any) -> Any:
        tries.append(1)
        if len(tries) <= failing:
            raise NotProvenError
        return prove(*arguments, **more)

    monkeypatch.setattr(planner, "prove", first_fail)
    assert steps(request_) == [(author, "alter table public.t add column b text")]
