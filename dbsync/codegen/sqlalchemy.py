"""SQLAlchemy 2 declarative models, written by sqlacodegen."""

import warnings
from typing import Any

from dbsync.codegen import python
from dbsync.codegen.schema import Source
from dbsync.errors import UsageError

_WORDS = "Tables of the database, as SQLAlchemy models."


def write(source: Source) -> str:
    """The text of the file. UsageError where sqlacodegen is not installed."""
    try:
        from sqlacodegen.generators import DeclarativeGenerator
    except ImportError:
        raise UsageError(
            "--format sqlalchemy needs sqlacodegen", hint="pip install 'sqlacodegen>=4,<5', and run it again"
        ) from None
    from sqlalchemy import MetaData, create_engine
    from sqlalchemy.pool import NullPool

    schemas = sorted({one.name[0] for one in source.schema.relations})
    with warnings.catch_warnings():
        # It warns of columns whose types it does not know; they are there as what it calls NullType.
        warnings.simplefilter("ignore")
        engine = create_engine("postgresql+psycopg://", creator=lambda: _session(source), poolclass=NullPool)
        metadata = MetaData()
        for schema in schemas:
            metadata.reflect(engine, schema=None if schema == "public" else schema, views=True)
        text = DeclarativeGenerator(metadata, engine, []).generate()
    try:
        compile(text, "models", "exec")
    except SyntaxError as error:
        line = (error.text or "").strip()
        raise UsageError(
            "sqlacodegen cannot write models of this schema",
            detail=f"a name in it is none in Python: {line}",
            hint="another --format can",
        ) from None
    head = python.header(source, "sqlalchemy", _WORDS)
    return f"{head}\n{text.rstrip()}\n\n\n{python.fingerprint(source).replace(': Final', '')}\n"


def _session(source: Source) -> Any:
    connection = source.connect()
    connection.autocommit = False
    return connection
