"""How the databases of a plan are made, and when a draft is taken without asking for another."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dbsync.authors import migra
from dbsync.errors import NoPlan
from dbsync.model.catalog import Catalog
from dbsync.pg.connect import Target, connect
from dbsync.planning import drafting, making, planner, proof
from dbsync.planning.copying import copied_from_desired
from dbsync.planning.proof import NotProvenError
from dbsync.planning.request import PlanRequest
from dbsync.planning.workspace import COPY, DESIRED, Workspace

SAME = pytest.mark.pg(">= 18")
"""The scratch server is no newer than live: only then is what is desired like live, and a copy made of it."""
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
    """What copies of live were made of, whether or not they were taken; nothing at all where none was made."""
    seen: list[str] = []

    def noted(name: str, what: str) -> None:
        method = getattr(Workspace, name)

        def noting(self: Workspace, *arguments: Any) -> Any:
            if name == "copy" or arguments == (COPY, DESIRED):
                seen.append(what)
            return method(self, *arguments)

        monkeypatch.setattr(Workspace, name, noting)

    noted("copy", "its dump")
    noted("another", "the desired database")
    return seen


def steps(request: PlanRequest) -> list[tuple[str, str]]:
    plan = planner.make_plan(request, lambda _: None)
    return [(one.step.author, " ".join(one.step.sql.replace('"', "").split()).lower()) for one in plan.steps]


@SAME
def test_a_copy_is_made_of_the_desired_database(by_another: PlanRequest, copying: list[str]) -> None:
    assert steps(by_another) == [("migra", "alter table public.t add column b text")]
    assert copying == ["the desired database"]


@pytest.mark.parametrize(
    ("live", "file"),
    [
        ("alter table public.t add column x text, add column b text", TABLE.replace(");", ", b text);")),
        ("", f"{TABLE} insert into t values (1, 'a'); alter table t alter a set not null"),
        ("create sequence public.s", f"{TABLE} create sequence s increment 2; select setval('s', 5)"),
    ],
    ids=["columns in another order", "rows in the file", "a sequence that was used"],
)
def test_a_copy_is_made_of_the_dump(request_: PlanRequest, copying: list[str], live: str, file: str) -> None:
    with connect(request_.target) as session:
        session.execute(live.encode())
    request_.schema.write_text(file)
    assert len(steps(request_)) == 1
    assert copying[-1] == "its dump"


@SAME
def test_a_copy_of_which_pg_dump_says_more_is_not_taken(
    request_: PlanRequest, copying: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(making, "copied_from_desired", lambda *_: copied_from_desired(*blind(*_)))

    def blind(workspace: Workspace, dump: str, live: Catalog, desired: Catalog) -> Any:
        return workspace, dump.replace("a text", "a bigint"), live, desired

    assert steps(request_) == [("migra", "alter table public.t add column b text")]
    assert copying == ["the desired database", "its dump"]


def test_where_much_differs_a_copy_is_made_of_the_dump(request_: PlanRequest, copying: list[str]) -> None:
    request_.schema.write_text(TABLE + "".join(f"create table t{n} (a integer);" for n in range(60)))
    assert len(steps(request_)) == 60
    assert copying == ["its dump"]


def test_no_author_sees_the_history(request_: PlanRequest) -> None:
    with connect(request_.target) as session:
        session.execute("create schema dbsync; create table dbsync.history (a integer primary key)")
    assert steps(request_) == [("migra", "alter table public.t add column b text")]


@SAME
def test_live_that_is_what_the_file_says_is_not_copied(request_: PlanRequest, copying: list[str]) -> None:
    request_.schema.write_text(TABLE)
    with connect(request_.target) as session:
        session.execute("create schema dbsync; create table dbsync.history (a integer)")
        session.execute("create function public.f() returns integer return 1; grant select on public.t to public")
    request_.schema.write_text(f"{TABLE} create function f() returns integer return 1;")
    plan = planner.make_plan(request_, lambda _: None)
    assert (plan.empty, plan.changes, plan.proof.witness) == (True, (), "pg_dump")
    assert copying == []


@SAME
def test_what_only_the_witness_sees_is_looked_at_on_a_copy(
    request_: PlanRequest, copying: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    request_.schema.write_text(TABLE.replace("integer", "bigint"))
    monkeypatch.setattr(planner, "compare", lambda *_: ())
    with pytest.raises(NoPlan, match="integer"):
        steps(request_)
    assert copying == ["the desired database"]


@SAME
def test_words_that_a_reload_changes_are_looked_at_on_a_copy(request_: PlanRequest, copying: list[str]) -> None:
    with connect(request_.target) as session:
        session.execute("create table public.v (s varchar check (s in ('a', 'b')))")
    with connect(request_.target) as session:
        (printed,) = session.execute("select pg_get_constraintdef(oid) from pg_constraint where conname = 'v_s_check'")
    request_.schema.write_text(f"{TABLE} create table v (s varchar, constraint v_s_check {printed[0]});")
    plan = planner.make_plan(request_, lambda _: None)
    assert (plan.empty, plan.changes, plan.proof.witness) == (True, (), "pg_dump")
    assert copying == ["the desired database", "its dump"]


@pytest.fixture
def reloading(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The databases that were reloaded as a whole."""
    seen: list[str] = []
    reload = Workspace.reload

    def noted(self: Workspace, database: str) -> Catalog:
        seen.append(database)
        return reload(self, database)

    monkeypatch.setattr(Workspace, "reload", noted)
    return seen


def test_what_may_read_otherwise_is_made_anew_alone(request_: PlanRequest, reloading: list[str]) -> None:
    with connect(request_.target) as session:
        session.execute("create type public.e as enum ('a'); create table public.p (s varchar, e public.e)")
        session.execute("create table public.c (check (s in ('a', 'b'))) inherits (public.p)")
        session.execute("create view public.v as select s from public.c; comment on view public.v is 'old'")
    request_.schema.write_text(
        f"{TABLE} create type e as enum ('a'); create table p (s varchar, e e);"
        "create table c (check (s in ('a', 'c'))) inherits (p);"
        "create view v as select s from c where e = 'a'; comment on view v is 'new'"
    )
    assert len(steps(request_)) == 4
    assert reloading == []


def test_what_cannot_be_made_alone_is_reloaded_with_all_else(request_: PlanRequest, reloading: list[str]) -> None:
    schema = f"""{TABLE}
        create function public.g() returns integer language sql immutable as 'select 1';
        create function public.f(a text) returns integer language sql immutable as 'select public.g()';
        create index i on public.t ((public.f(a) + 1));"""
    with connect(request_.target) as session:
        session.execute(schema.replace(TABLE, "").encode())
    request_.schema.write_text(schema.replace("+ 1", "+ 2"))
    assert len(steps(request_)) == 2
    assert set(reloading) >= {"copy", "desired"}


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
