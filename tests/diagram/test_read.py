"""What is read of a database."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync.diagram.model import Diagram
from dbsync.diagram.read import read, short

EVERY = Path(__file__).with_name("every.sql").read_text()


@pytest.fixture
def diagram(transaction: psycopg.Connection[Any]) -> Diagram:
    transaction.execute(EVERY.encode())
    return read(transaction)


def test_tables(diagram: Diagram) -> None:
    assert [table.label for table in diagram.tables] == [
        "passports",
        "people",
        "shop.items",
        "shop.orders",
        "shop.people",
    ]
    assert diagram.by_name["shop", "orders"].partitions == 1
    assert diagram.by_name["public", "people"].comment == '<script>alert("people")</script>'


def test_columns(diagram: Diagram) -> None:
    def written(*name: str) -> list[str]:
        table = diagram.by_name[name[0], name[1]]
        return [" ".join([*one.marks, one.name, one.type + "?" * one.nullable]) for one in table.columns]

    assert written("public", "people") == ["PK id integer", "FK boss integer?", "UK name varchar(20)"]
    assert written("public", "passports") == ["PK FK person integer", "pk text?", "Größe m² numeric(4,2)[]?"]
    assert written("shop", "orders") == [
        "PK number bigint",
        "PK day date",
        "FK person integer",
        "FK gift_of integer?",
        "size shop.size",
    ]
    assert written("shop", "items")[3] == "at timestamptz(3)?"


def test_null_that_a_domain_refuses(transaction: psycopg.Connection[Any]) -> None:
    transaction.execute("create domain key int not null; create domain own_key as key; create domain free int;")
    transaction.execute("create table t (a key, b own_key, c free, d own_key[])")
    assert [one.nullable for one in read(transaction).tables[0].columns] == [False, False, True, True]


def test_partitions_of_partitions(transaction: psycopg.Connection[Any]) -> None:
    transaction.execute("""
        create table t (a int, b int) partition by list (a);
        create table t1 partition of t for values in (1);
        create table t2 partition of t for values in (2) partition by list (b);
        create table t21 partition of t2 for values in (1);
        create table parent (); create table child () inherits (parent);
    """)
    found = {table.label: table.partitions for table in read(transaction).tables}
    assert found == {"child": 0, "parent": 0, "t": 3}


def test_references(diagram: Diagram) -> None:
    found = {one.label: (one.optional, one.single) for one in diagram.references}
    assert found == {
        "passports (person) → people (id), on delete cascade": (False, True),
        "people (boss) → people (id)": (True, False),
        "shop.items (number, day) → shop.orders (number, day)": (True, False),
        "shop.orders (person) → people (id)": (False, False),
        "shop.orders (gift_of) → people (id)": (True, False),
    }


def test_foreign_keys_of_partitions(transaction: psycopg.Connection[Any]) -> None:
    transaction.execute("""
        create table a (id int primary key) partition by range (id);
        create table a1 partition of a for values from (1) to (9);
        create table b (a int references a1) partition by range (a);
        create table b1 partition of b for values from (1) to (9);
        create table c (id int primary key);
        alter table b1 add foreign key (a) references c;
        alter table b1 add foreign key (a) references c;
    """)
    assert [one.label for one in read(transaction).references] == ["b (a) → a (id)", "b (a) → c (id)"]


def test_what_belongs_to_an_extension_is_left_out(transaction: psycopg.Connection[Any]) -> None:
    transaction.execute("create table mine (id int); create table theirs (id int); create extension citext;")
    transaction.execute("alter extension citext add table theirs")
    assert [table.label for table in read(transaction).tables] == ["mine"]


def test_around(diagram: Diagram) -> None:
    def labels(depth: int) -> list[str]:
        return [table.label for table in diagram.around([("shop", "items")], depth).tables]

    assert labels(0) == ["shop.items"]
    assert labels(1) == ["shop.items", "shop.orders"]
    assert labels(2) == ["people", "shop.items", "shop.orders"]
    assert labels(9) == ["passports", "people", "shop.items", "shop.orders"]


def test_only_keys(diagram: Diagram) -> None:
    people = diagram.with_columns("keys").by_name["public", "people"]
    assert [column.name for column in people.columns] == ["id", "boss"]
    assert people.left_out == 1
    assert diagram.with_columns("none").by_name["public", "people"].left_out == 3


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("character varying", "varchar"),
        ("character varying(20)[]", "varchar(20)[]"),
        ("timestamp(3) with time zone", "timestamptz(3)"),
        ("timestamp without time zone[]", "timestamp[]"),
        ("numeric(10,2)", "numeric(10,2)"),
        ('"My(Type"', '"My(Type"'),
        ('"a(b)c"[]', '"a(b)c"[]'),
        ("double precision", "float8"),
    ],
)
def test_short(printed: str, expected: str) -> None:
    assert short(printed) == expected
