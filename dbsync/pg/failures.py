"""What PostgreSQL said when a statement failed, as a record."""

import re
from dataclasses import dataclass

import psycopg
import psycopg.errors

from dbsync.pg.sealing import refused


@dataclass(frozen=True)
class Failure:
    """The parts of an error message; `position` counts characters of the statement from 1."""

    message: str
    detail: str | None = None
    hint: str | None = None
    context: str | None = None
    position: int | None = None
    sqlstate: str | None = None
    schema: str | None = None
    table: str | None = None
    column: str | None = None
    constraint: str | None = None
    internal_query: str | None = None
    internal_position: int | None = None

    @classmethod
    def of(cls, error: psycopg.Error) -> "Failure":
        """The record of an error; one that the server did not send has a message only."""
        diag = error.diag
        if diag.message_primary is None:
            text = str(error).strip() or type(error).__name__
            return cls(message=text, sqlstate=error.sqlstate)
        return cls(
            message=refused(diag.message_primary) or diag.message_primary,
            detail=diag.message_detail,
            hint=diag.message_hint,
            context=diag.context,
            position=_number(diag.statement_position),
            sqlstate=diag.sqlstate,
            schema=diag.schema_name,
            table=diag.table_name,
            column=diag.column_name,
            constraint=diag.constraint_name,
            internal_query=diag.internal_query,
            internal_position=_number(diag.internal_position),
        )

    @property
    def kind(self) -> str:
        """The name of the error's class (appendix A of the manual), for where its text may hold values of rows."""
        if self.sqlstate is None:
            return "the connection was lost"
        try:
            name = psycopg.errors.lookup(self.sqlstate).__name__
        except KeyError:
            return f"an error of class {self.sqlstate}"
        return re.sub("(?<=[a-z])(?=[A-Z])", " ", name).lower() + f" (SQLSTATE {self.sqlstate})"

    @property
    def lost(self) -> bool:
        """Whether the connection is gone: the server sent nothing, or said that it ends the session."""
        return self.sqlstate is None or self.sqlstate.startswith(("08", "57P"))

    def __str__(self) -> str:
        more = (("detail", self.detail), ("hint", self.hint), ("context", self.context))
        return "\n".join([self.message, *(f"{label}: {text}" for label, text in more if text)])


def _number(text: str | None) -> int | None:
    return int(text) if text else None
