"""Which questions may be put to the live database: those that run nothing there which somebody else wrote.

Each is read by PostgreSQL on the copy of the live database, whose functions, operators, casts and types are the same.
"""

import dataclasses

import psycopg

from dbsync.hazards._facts import Facts
from dbsync.hazards._texts import evaluated
from dbsync.model.hazards import Question
from dbsync.pg.examine import Examined, examine
from dbsync.pg.failures import Failure

_OURS = {"column-type": "pg_input_is_valid(text,text)"}
"""By hazard, what its questions call by themselves: with no type but one of PostgreSQL's own."""


def examined(facts: Facts, question: Question) -> Question:
    """The question with all tables and types that it reads; with `cannot` where it is not to be put."""
    if question.cannot:
        return question
    try:
        found = examine(facts.copy, evaluated(question))
    except psycopg.Error as error:
        return dataclasses.replace(question, cannot=f"the live database cannot read it: {Failure.of(error).kind}")
    return dataclasses.replace(
        question,
        tables=tuple(dict.fromkeys((*question.tables, *found.tables))),
        types=found.types,
        cannot=_why_not(question, found),
    )


def _why_not(question: Question, found: Examined) -> str:
    if found.volatile:
        return f"it calls {found.volatile[0]}, which is volatile, and so runs only in the apply"
    others = [name for name in found.others if name != _OURS.get(question.hazard)]
    if others and not question.stands:
        return f"it calls {others[0]}, which is not known only to compute, and so runs only in the apply"
    return ""
