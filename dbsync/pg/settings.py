"""Decides which settings our sessions have, whatever the role, the database or the server sets for them."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from dbsync.pg.version import major

_PRINTING = {
    # Everything outside pg_catalog is printed with its schema.
    "search_path": "",
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "lc_numeric": "C",
    "lc_time": "C",
    "quote_all_identifiers": "off",
    "xmlbinary": "base64",
    "standard_conforming_strings": "on",
}
"""How the catalog and values are written."""

_UNDERSTANDING = {
    "escape_string_warning": "off",
    "backslash_quote": "safe_encoding",
    "xmloption": "content",
    "array_nulls": "on",
    "transform_null_equals": "off",
}
"""What a statement means."""

_MAKING = {
    # What a role or a database sets for itself must not decide where and how tables are made.
    "default_tablespace": "",
    "default_table_access_method": "heap",
    "check_function_bodies": "on",
    "row_security": "on",
}
"""What a statement makes, and which rows it sees."""

_WAITING = {
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "transaction_timeout": "0",
}
"""How transactions begin, and when the server ends them."""

PINNED: Mapping[str, str] = MappingProxyType(
    {**_PRINTING, **_UNDERSTANDING, **_MAKING, **_WAITING, "client_min_messages": "warning"}
)
"""The settings of every session of ours, on the live database and on scratch servers.

`default_transaction_read_only` is not among them: an apply obeys it.
"""

READING: Mapping[str, str] = MappingProxyType({**PINNED, "row_security": "off", "constraint_exclusion": "off"})
"""PINNED, for sessions that read rows: a policy that would hide some of them becomes an error, and the planner computes
nothing of CHECK constraints."""

RUNNING: Mapping[str, str] = MappingProxyType({**READING, "check_function_bodies": "off"})
"""What the steps of a plan run under, in the proof and on the live database.

Some read rows, of which a policy must hide none. The bodies of functions may speak of objects that a later step makes.
"""

SCRATCH: Mapping[str, str] = MappingProxyType({"default_transaction_read_only": "off"})
"""What sessions on a scratch server have besides: there is nothing that would have to be protected."""

SINCE: Mapping[str, int] = MappingProxyType({"transaction_timeout": 17})
"""The settings that not every supported server has, with the first major version that does."""


def known(settings: Mapping[str, str], version: int) -> dict[str, str]:
    """The settings that a server of this version (as server_version_num) has."""
    return {name: value for name, value in settings.items() if SINCE.get(name, 0) <= major(version)}


def options(settings: Mapping[str, str]) -> str:
    """The settings as libpq's connection parameter `options` (and PGOPTIONS) has them: `-c DateStyle=ISO,\\ MDY`."""
    return " ".join(f"-c {name}={_escaped(value)}" for name, value in settings.items())


def unlike(found: Mapping[str, str], names: Iterable[str] = _PRINTING) -> dict[str, str]:
    """The pinned values of those settings that another session found otherwise; what it did not find is passed over."""
    return {name: PINNED[name] for name in names if found.get(name, PINNED[name]) != PINNED[name]}


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
