"""Writes a schema of so many tables, as an application that grew for years has it.

    python benchmarks/large.py 1000 [--change] > schema.sql

Every table has an identity, columns of ten types, defaults, checks, indexes, comments and foreign keys to tables before
it; for every few of them there is an enum, a view, a view of that, a trigger with its function, and a policy. With
`--change` one table of a hundred is another, each in one of six ways.
"""

import argparse
import sys
from collections.abc import Iterator

_WORDS = "account order invoice item plan event device session report team grant note asset ticket route".split()
_LABELS = ("draft", "open", "paused", "done", "failed")
_EACH = 100
_CHANGED = 60
"""Of so many tables one is changed: this one, which has all that a table may have here."""


def main() -> None:
    """Print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", type=int)
    parser.add_argument("--change", action="store_true")
    given = parser.parse_args()
    sys.stdout.writelines(f"{text}\n" for text in schema(given.tables, changed=given.change))


def schema(tables: int, *, changed: bool) -> Iterator[str]:
    """The statements of the schema."""
    yield "CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$"
    yield "BEGIN new.updated_at := now(); RETURN new; END $$;"
    for number in range(tables):
        way = number // _EACH % 6 if changed and number % _EACH == _CHANGED else None
        yield from _table(number, way)


def _table(number: int, way: int | None) -> Iterator[str]:
    name = called(number)
    state = f"state_{number - number % 20}"
    if number % 20 == 0:
        labels = ", ".join(f"'{label}'" for label in _LABELS)
        yield f"CREATE TYPE {state} AS ENUM ({labels});"
    columns = [
        "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
        f"label {'text' if way == 0 else 'varchar(80)'} NOT NULL",
        f"state {state} NOT NULL DEFAULT 'draft'",
        f"amount numeric(12, 2) NOT NULL DEFAULT {number % 7} CHECK (amount >= {0 if way != 1 else -1})",
        "starts_on date",
        "data jsonb NOT NULL DEFAULT '{}'",
        "tags text[] NOT NULL DEFAULT '{}'",
        "key uuid DEFAULT gen_random_uuid() UNIQUE",
        "active boolean NOT NULL DEFAULT true",
        "created_at timestamptz NOT NULL DEFAULT now()",
        "updated_at timestamptz NOT NULL DEFAULT now()",
        *(f"to_{step} bigint REFERENCES {called(number - step)} ON DELETE CASCADE" for step in _referred(number)),
        *(["remark text"] if way == 2 else []),
    ]
    yield f"CREATE TABLE {name} ({', '.join(columns)});"
    yield f"COMMENT ON TABLE {name} IS 'What {name} holds';"
    yield f"COMMENT ON COLUMN {name}.data IS 'What has no column of {name}';"
    yield f"CREATE INDEX {name}_state ON {name} (state, created_at DESC) WHERE active;"
    if way != 3:
        yield f"CREATE INDEX {name}_label ON {name} (lower(label));"
    yield from (f"CREATE INDEX {name}_to_{step} ON {name} (to_{step});" for step in _referred(number))
    if number % 4 == 0:
        more = ", tags" if way == 4 else ""
        yield f"CREATE VIEW {name}_open AS SELECT id, label, amount{more} FROM {name} WHERE state <> 'done';"
        yield f"CREATE VIEW {name}_total AS SELECT label, sum(amount) AS total FROM {name}_open GROUP BY label;"
    if number % 5 == 0:
        yield f"CREATE TRIGGER touch BEFORE UPDATE ON {name} FOR EACH ROW EXECUTE FUNCTION touch();"
    if number % 10 == 0:
        size = number % 9 + (way == 5)
        yield f"CREATE FUNCTION {name}_count(minimum numeric DEFAULT {size}) RETURNS bigint LANGUAGE sql STABLE AS $$"
        yield f"  SELECT count(*) FROM {name} WHERE amount >= minimum $$;"
        yield f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;"
        yield f"CREATE POLICY active_only ON {name} FOR SELECT USING (active);"


def called(number: int) -> str:
    """The name of a table."""
    return f"{_WORDS[number % len(_WORDS)]}_{number}"


def _referred(number: int) -> list[int]:
    """How many tables before it those stand that it refers to."""
    return [step for step in (1, 13) if step <= number and (number + step) % 3]


if __name__ == "__main__":
    main()
