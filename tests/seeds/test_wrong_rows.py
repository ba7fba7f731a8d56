"""A row that PostgreSQL refuses is shown itself, in an INSERT of many rows and in the block of a COPY."""

import pytest

from dbsync.errors import DbsyncError, SchemaError
from dbsync.load.wrong_row import row_spans
from tests.plugins.project import Project

SCHEMA = """
create table t (id int primary key, name text not null check (name <> ''), n int references t deferrable);
create function check_n() returns trigger language plpgsql as
  $$ begin if new.n = 13 then raise exception 'unlucky'; end if; return new; end $$;
create trigger n before insert on t for each row execute function check_n();
create view v as select * from t where id < 100 with check option;
"""


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("insert into t values (1, (2)), ((3), 'a)(')", ["(1, (2))", "((3), 'a)(')"]),
        ("insert into t (a, b) values (1, 2)\n,-- (x)\n(/* ) */ 3, $a$($a$) on conflict (a) do nothing", 2),
        ("with x as (values (1), (2)) insert into t values (3) returning (a)", ["(3)"]),
        ("insert into \"values\" (\"values\") values ('a'::text), (E'\\'('), (array[(1)])", 3),
        ("insert into t select (1), (2)", 0),
        ("insert into t default values", 0),
        ("insert into tä values ('ä'), ('(ö')", ["('ä')", "('(ö')"]),
    ],
)
def test_where_rows_stand(text: str, rows: list[str] | int) -> None:
    found = [text[start:end] for start, end in row_spans(text)]
    assert (len(found) if isinstance(rows, int) else found) == rows


def refused(project: Project, seeds: str) -> SchemaError:
    project.write(schema=SCHEMA, seeds=seeds)
    with pytest.raises(SchemaError) as caught:
        project.plan()
    return caught.value


MANY = ",\n".join(f"  ({number}, 'name {number}', null)" for number in range(1, 1000))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("(1000, null, null)", 'null value in column "name"'),
        ("(1000, ''::text, null)", "violates check constraint"),
        ("(7, 'seven', null)", "duplicate key value"),
        ("(1000, 'x', 5000)", "violates foreign key constraint"),
        ("(1000, 'x', (select 13))", "unlucky"),
        ("(1000, (select null::text), 2)", 'null value in column "name"'),
        ("(1000, 'x', 1 / (2 - 2))", "division by zero"),
    ],
)
def test_a_row_of_many(project: Project, row: str, words: str) -> None:
    error = refused(project, f"insert into t values\n{MANY},\n    {row},\n  (2000, 'last', null);\n")
    assert error.message.startswith("seeds.sql:1001:5: ")
    assert words in error.message
    assert (error.excerpt or "").endswith(f" 1001 |     {row},\n      |     {'^' * len(row)}")


def test_what_postgresql_places_itself(project: Project) -> None:
    error = refused(project, "insert into t values\n  (1, 'a', null),\n  (2, 'b', 'many');")
    assert error.message.startswith("seeds.sql:3:12: invalid input syntax for type integer")


def test_a_single_row_and_a_view(project: Project) -> None:
    assert refused(project, "insert into t values\n  (1, null, null);").message.startswith("seeds.sql:2:3: ")
    error = refused(project, "insert into v values (1, 'a', null),\n (100, 'b', null)\n returning id;")
    assert error.message.startswith("seeds.sql:2:2: new row violates check option")


def test_other_sources_of_rows_are_shown_as_statements(project: Project) -> None:
    error = refused(project, "insert into t values (1, 'a', null);\ninsert into t\n select 2, null, null;")
    assert error.message.startswith("seeds.sql:2:1: ")


def test_what_is_checked_at_the_end_is_no_row_of_the_last_statement(project: Project) -> None:
    schema = SCHEMA.replace("deferrable", "deferrable initially deferred")
    project.write(
        schema=schema, seeds="insert into t values (1, 'a', 9);\ninsert into t values (2, 'a', 1),\n(3, 'b', 1);"
    )
    with pytest.raises(SchemaError, match="violates foreign key constraint") as caught:
        project.plan()
    assert not caught.value.message.startswith("seeds.sql:3:")


@pytest.mark.parametrize(
    ("line", "words"), [("3\t\\N\t\\N", "null value"), ("3\t\t\\N", "check"), ("x\ty\t1", "integer")]
)
def test_a_line_of_a_copy(project: Project, line: str, words: str) -> None:
    error = refused(project, f"-- rows\ncopy t\n  from stdin;\n1\ta\t\\N\n2\tb\t\\N\n{line}\n4\td\t\\N\n\\.\n")
    assert error.message.startswith("seeds.sql:6:1: ")
    assert words in error.message


def test_rows_of_the_schema_file(project: Project) -> None:
    project.write(schema=SCHEMA + "insert into t values\n  (1, 'a', null),\n  (2, '', null),\n  (3, 'c', null);\n")
    with pytest.raises(DbsyncError, match=r"schema\.sql:9:3: new row for relation") as caught:
        project.plan()
    assert "(2, '', null)" in (caught.value.excerpt or "")
