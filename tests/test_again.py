"""What is remembered of plans with steps, and when such a plan is made anew."""

import dataclasses
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import dbsync
from dbsync.errors import ConnectionFailed
from dbsync.model.plan import Plan
from dbsync.pg.connect import Target, connect
from dbsync.planning import again, planner, quick
from dbsync.planning.request import PlanRequest
from dbsync.scratch import binaries
from dbsync.scratch.private import PrivateServer

TABLE = "create table public.t (id integer primary key, a text);\n"
Make = Callable[..., Plan]


class MadeError(Exception):
    """The plan was made, not remembered."""


def refused(*_: object, **__: object) -> Plan:
    raise MadeError


@pytest.fixture
def request_(database: Target, tmp_path: Path, own_cache: Path) -> PlanRequest:
    """Of a database in which a column may be null, and in the file it may not."""
    schema = tmp_path / "schema.sql"
    schema.write_text("\\ir tables.sql\n")
    (tmp_path / "tables.sql").write_text(TABLE.replace("text", "text not null"))
    with connect(database) as session:
        session.execute(TABLE.encode())
    environ = {**os.environ, "DBSYNC_CACHE": str(own_cache)}
    return PlanRequest(target=database, schema=schema, scratch="embedded", author="dbsync", environ=environ)


@pytest.fixture
def first(request_: PlanRequest) -> Plan:
    """The plan, made once."""
    return quick.make_plan(request_, lambda _: None)


@pytest.fixture
def remembered(first: Plan, request_: PlanRequest, monkeypatch: pytest.MonkeyPatch) -> Make:
    """The plan from memory; MadeError where it would have to be made."""
    assert first.steps
    monkeypatch.setattr(planner, "make_plan", refused)
    return lambda **other: quick.make_plan(dataclasses.replace(request_, **other), lambda _: None)


def kept(home: Path) -> list[Path]:
    return sorted((home / "planned").glob("*"))


def test_the_same_plan(remembered: Make, first: Plan) -> None:
    plan = remembered()
    assert plan.digest == first.digest
    assert dataclasses.replace(plan, seconds=0) == dataclasses.replace(first, seconds=0)
    assert (plan.current, plan.replayed, plan.before) == (first.current, first.replayed, first.before)


def test_live_is_asked_about_its_rows_again(remembered: Make, first: Plan, database: Target) -> None:
    assert not first.blocked
    with connect(database) as session:
        session.execute("insert into public.t values (1), (2)")
    assert [one.rows for one in remembered().blocked] == [2]


def test_live_changed(remembered: Make, database: Target) -> None:
    with connect(database) as session:
        session.execute("comment on table public.t is 'x'")
    with pytest.raises(MadeError):
        remembered()


def test_the_file_changed(remembered: Make, request_: PlanRequest) -> None:
    with request_.schema.open("a") as file:
        file.write("-- and more\n")
    with pytest.raises(MadeError):
        remembered()


def test_an_included_file_changed(remembered: Make, request_: PlanRequest) -> None:
    with request_.schema.with_name("tables.sql").open("a") as file:
        file.write("-- and more\n")
    with pytest.raises(MadeError):
        remembered()


def test_roles_changed(remembered: Make, database: Target) -> None:
    with connect(database) as session:
        session.execute("create role dbsync_another")
    try:
        with pytest.raises(MadeError):
            remembered()
    finally:
        with connect(database) as session:
            session.execute("drop role dbsync_another")


@pytest.mark.parametrize("other", [{"author": "best"}, {"manage": "none"}, {"online": "never"}, {"scratch": "auto"}])
def test_another_way_of_planning(remembered: Make, other: dict[str, str]) -> None:
    with pytest.raises(MadeError):
        remembered(**other)


def test_seeds_are_asked_for(remembered: Make, tmp_path: Path) -> None:
    seeds = tmp_path / "seeds.sql"
    seeds.write_text("insert into public.t values (1, 'x');\n")
    with pytest.raises(MadeError):
        remembered(seeds=seeds)


def test_other_tables_are_large(remembered: Make, database: Target) -> None:
    with connect(database) as session:
        session.execute("insert into public.t select n, 'x' from generate_series(1, 100000) n; analyze public.t")
    with pytest.raises(MadeError):
        remembered()


def test_other_programs(remembered: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(binaries, "seen", lambda _: "others")
    with pytest.raises(MadeError):
        remembered()


def test_another_version_of_dbsync(remembered: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dbsync, "__version__", "0.0.0")
    with pytest.raises(MadeError):
        remembered()


@pytest.mark.parametrize("part", [0, 1, -10])
def test_what_is_half_there_does_not_count(remembered: Make, own_cache: Path, part: int) -> None:
    (path,) = kept(own_cache)
    path.write_text(path.read_text()[:part])
    with pytest.raises(MadeError):
        remembered()


def test_what_was_edited_does_not_count(remembered: Make, own_cache: Path) -> None:
    (path,) = kept(own_cache)
    path.write_text(path.read_text().replace("SET NOT NULL", "DROP NOT NULL"))
    with pytest.raises(MadeError):
        remembered()


def test_a_check_has_no_steps(remembered: Make, request_: PlanRequest) -> None:
    assert quick.recalled(request_, lambda _: None) is None


def test_a_copy_that_pg_dump_did_not_make(
    request_: PlanRequest, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise ConnectionFailed("another session holds a lock")

    monkeypatch.setattr(PrivateServer, "dump_live", refuse)
    assert quick.make_plan(request_, lambda _: None).steps
    assert not kept(own_cache)


def test_side_by_side(request_: PlanRequest, own_cache: Path, first: Plan) -> None:
    with ThreadPoolExecutor(2) as pool:
        plans = pool.map(lambda _: planner.make_plan(request_, lambda _: None).digest, range(2))
        assert set(plans) == {first.digest}
    assert len(kept(own_cache)) == 1


def test_a_folder_that_cannot_be_written_to(request_: PlanRequest, own_cache: Path) -> None:
    (own_cache / "planned").write_text("in the way")
    assert quick.make_plan(request_, lambda _: None).steps
    assert quick.make_plan(request_, lambda _: None).steps


def test_only_so_many_are_kept(request_: PlanRequest, own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "_MOST", 1)
    for online in ("auto", "never"):
        assert planner.make_plan(dataclasses.replace(request_, online=online), lambda _: None).steps
    assert len(kept(own_cache)) == 1


@pytest.mark.parametrize(
    "more",
    [
        "do $$ begin end $$;",
        (
            "create extension postgres_fdw schema public; create server s foreign data wrapper postgres_fdw;"
            "create user mapping for current_user server s options (user 'me', password 'hush');"
        ),
    ],
    ids=["code", "a secret"],
)
def test_what_may_not_be_kept(request_: PlanRequest, own_cache: Path, more: str) -> None:
    with request_.schema.open("a") as file:
        file.write(more)
    assert quick.make_plan(request_, lambda _: None).steps
    assert not kept(own_cache)


def test_programs_are_told_apart(tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    environ = {"PATH": "", "DBSYNC_PG_BIN": str(folder)}
    found = [binaries.seen(environ)]
    (folder / "postgres").write_text("")
    found.append(binaries.seen(environ))
    (folder / "postgres").write_text("newer")
    found.append(binaries.seen(environ))
    (folder.parent / "share" / "extension").mkdir(parents=True)
    found.append(binaries.seen(environ))
    assert len(set(found)) == len(found)
    assert binaries.seen(environ) == found[-1]
