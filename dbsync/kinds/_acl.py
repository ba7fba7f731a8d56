"""GRANT and REVOKE between two sets of privileges of one grantee.

A privilege is written as in `\\dp`, by its whole name: "SELECT", and "SELECT*" where it may be granted on.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

from dbsync import sql

_ORDER = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN")


def statements(
    before: Iterable[str], after: Iterable[str], every: Collection[str], on: str, to: str, columns: str = ""
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The statements that make `before` into `after`, each with variants for where PostgreSQL refuses it.

    `every` are the names of all privileges that an object like this has, which GRANT calls ALL; `on` is what stands
    after ON; `columns` is a list of columns in parentheses. A REVOKE is refused where the grantee granted on what it
    was granted.
    """
    had, have = _split(before), _split(after)

    def listed(names: Iterable[str]) -> str:
        chosen = sorted(names, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
        if len(chosen) > 1 and set(chosen) == set(every):
            return f"ALL{columns}"
        return ", ".join(name + columns for name in chosen)

    def revoke(names: Iterable[str], option: str = "") -> tuple[str, tuple[str, ...]]:
        text = f"REVOKE {option}{listed(names)} ON {on} FROM {to}"
        return text, (f"{text} CASCADE",)

    if gone := had.keys() - have.keys():
        yield revoke(gone)
    if kept := {name for name, grantable in had.items() if grantable and have.get(name) is False}:
        yield revoke(kept, "GRANT OPTION FOR ")
    if plain := {name for name, grantable in have.items() if not grantable and name not in had}:
        yield f"GRANT {listed(plain)} ON {on} TO {to}", ()
    if more := {name for name, grantable in have.items() if grantable and not had.get(name)}:
        yield f"GRANT {listed(more)} ON {on} TO {to} WITH GRANT OPTION", ()


def grant_on(names: Iterable[str], grantor: str, on: str, columns: str = "") -> Iterator[str]:
    """The statements that take away what a role granted on: only that role could revoke it by itself."""
    for name in sorted(names):
        yield f"REVOKE GRANT OPTION FOR {name}{columns} ON {on} FROM {sql.name(grantor)} CASCADE"
        yield f"GRANT {name}{columns} ON {on} TO {sql.name(grantor)} WITH GRANT OPTION"


def known(version: int, **privileges: tuple[str, ...]) -> dict[str, Any]:
    """Those that a server of this version has: before 17 nobody may MAINTAIN anything, and ALL is all else."""
    if version >= 170000:
        return dict(privileges)
    return {
        field: tuple(label for label in labels if label.partition(" ")[0].rstrip("*") != "MAINTAIN")
        for field, labels in privileges.items()
    }


def as_role(role: str, text: str) -> str:
    """A statement as a role runs it: who grants is always who runs the GRANT (section "GRANT" of the manual)."""
    return f"SET LOCAL ROLE {sql.name(role)}; {text}; RESET ROLE"


def _split(privileges: Iterable[str]) -> dict[str, bool]:
    return {one.removesuffix("*"): one.endswith("*") for one in privileges}
