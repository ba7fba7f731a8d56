"""PostgreSQL allows a table 1,600 columns, and counts those that were dropped, which a copy does not have."""

import pytest

from dbsync.errors import NoPlan
from tests.plugins.project import Project


def table(first: int, last: int) -> str:
    return f"create table wide ({', '.join(f'c{number} int' for number in range(first, last))});"


def test_dropped_columns_count(project: Project) -> None:
    project.run(table(1, 1497))
    project.run("alter table wide drop column c1, drop column c2, drop column c3")
    project.write(schema=table(4, 1604))
    with pytest.raises(NoPlan) as caught:
        project.plan(author="dbsync")
    assert caught.value.message == (
        "Table public.wide has no room for 107 more columns: PostgreSQL allows 1,600, and counts those that were"
        " dropped"
    )
    assert caught.value.detail == (
        "it has 1,493 columns, 3 dropped ones count as well, and with the new ones that is 1,603"
    )


def test_as_many_as_there_is_room_for(project: Project) -> None:
    project.run("create schema app; set search_path = app;" + table(1, 1500) + "alter table wide drop column c1")
    project.write(schema=f"create schema app; set search_path = app; {table(2, 1601)}")
    project.settled(author="dbsync")


def test_columns_that_the_plan_itself_drops_count(project: Project) -> None:
    project.run(table(1, 1551))
    project.write(schema=table(101, 1651))
    with pytest.raises(NoPlan, match="PostgreSQL counts dropped columns, too: copy the rows into a new table"):
        project.plan(author="dbsync")
