"""Where a database is, told without ever showing the password that leads there."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import psycopg
from psycopg import pq
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dbsync.errors import UsageError

_WRITTEN = (
    "write it as postgresql://user:password@host:5432/database; in the password, "
    "@ is %40, : is %3A, / is %2F, ? is %3F, # is %23, % is %25 and a space is %20"
)
_SECRETS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")


@dataclass(frozen=True)
class Target:
    """A database by libpq's connection parameters; those that are missing libpq finds by itself.

    `parameters` is not part of the repr, and every message about the target goes through `mask()`.
    """

    parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    written: str = field(default="", repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def __hash__(self) -> int:
        return hash(frozenset(self.parameters.items()))

    def __repr__(self) -> str:
        return f"<Target {self.label}>"

    def __reduce__(self) -> tuple[type["Target"], tuple[dict[str, str], str]]:
        return (Target, (dict(self.parameters), self.written))

    @classmethod
    def parse(cls, url: str | None, environ: Mapping[str, str] = os.environ) -> "Target":
        """The target that a URL (or libpq's `key=value` words) names; None leaves it to libpq's own environment.

        Variables of `environ` that the process itself has otherwise are passed on, so that both say the same.
        """
        given = _from_environ(environ)
        if url is None:
            return cls(given)
        if "\0" in url:
            raise UsageError("The database URL contains a NUL character", hint=_WRITTEN)
        parameters, reason = _parsed(url)
        if reason is not None:
            raise UsageError("The database URL cannot be read", detail=reason, hint=_WRITTEN)
        return cls({**given, **parameters}, url)

    @property
    def label(self) -> str:
        """In words: `database optimizer on db.example.com:5432 as app`."""
        known = self._known()
        if "service" in known and not {"host", "hostaddr", "dbname"} & known.keys():
            return f"service {_plain(known['service'])}"
        user = known.get("user", "")
        database = known.get("dbname") or user
        words = f"database {database} on {_addresses(known)}"
        return _plain(words + (f" as {user}" if user else ""))

    @property
    def host(self) -> str:
        """The server's host, or "this machine"."""
        known = self._known()
        return _plain(known.get("host") or known.get("hostaddr") or "this machine")

    def conninfo(self, **overrides: str | int | None) -> str:
        """A connection string for libpq; None leaves a parameter out."""
        merged = {**self.parameters, **overrides}
        return make_conninfo("", **{key: value for key, value in merged.items() if value is not None})

    def with_database(self, database: str) -> "Target":
        """The same server and role, another database."""
        return Target({**self.parameters, "dbname": database}, self.written)

    def mask(self, text: str) -> str:
        """The text without the password, in whatever form the URL held it."""
        secrets = {self.parameters.get(key, "") for key in _SECRETS} | {os.environ.get("PGPASSWORD", "")}
        if "://" in self.written:
            secrets |= {self.written, *_written_passwords(self.written)}
        # A password that is the user's name, as in many a development database, is not told by showing the name.
        secrets -= {self.parameters.get(key, "") for key in ("user", "dbname", "host", "port")}
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def environment(self) -> dict[str, str]:
        """The parameters as libpq's environment variables, for programs such as pg_dump."""
        variables = {option.keyword: option.envvar for option in pq.Conninfo.get_defaults()}
        found = {}
        for key, value in self.parameters.items():
            if variable := variables.get(key.encode()):
                found[variable.decode()] = value
        return found

    def arguments(self) -> str:
        """What `environment()` cannot carry, as a connection string that holds no secret."""
        variables = {option.keyword.decode() for option in pq.Conninfo.get_defaults() if option.envvar}
        return make_conninfo("", **{k: v for k, v in self.parameters.items() if k not in variables | set(_SECRETS)})

    def _known(self) -> dict[str, str]:
        defaults = {o.keyword.decode(): o.val.decode(errors="replace") for o in pq.Conninfo.get_defaults() if o.val}
        return {**defaults, **self.parameters}


def _addresses(known: Mapping[str, str]) -> str:
    """ "db.example.com:5432", "one:5432 or other:5433", "this machine"."""
    named = known.get("host") or known.get("hostaddr")
    if not named:
        return "this machine"
    hosts, ports = named.split(","), known.get("port", "5432").split(",")
    ports = ports if len(ports) == len(hosts) else ports[:1] * len(hosts)
    written = [f"[{host}]" if ":" in host else host for host in hosts]
    return " or ".join(f"{host}:{port or '5432'}" for host, port in zip(written, ports, strict=True))


def _from_environ(environ: Mapping[str, str]) -> dict[str, str]:
    if environ is os.environ:
        return {}
    found = {}
    for option in pq.Conninfo.get_defaults():
        variable = option.envvar.decode() if option.envvar else ""
        value = environ.get(variable) if variable else None
        if value and value != os.environ.get(variable):
            found[option.keyword.decode()] = value
    return found


def _parsed(url: str) -> tuple[dict[str, str], str | None]:
    """The parameters, or why there are none: in words of our own, because libpq's repeat parts of the password."""
    scheme = url.partition("://")[0]
    if "://" in url.partition("?")[0] and scheme not in ("postgres", "postgresql") and "=" not in scheme:
        return {}, "its scheme is neither postgresql:// nor postgres://"
    if "://" not in url and "=" not in url:
        return {}, "it does not begin with postgresql://"
    try:
        found = {key: str(value) for key, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError as error:
        return {}, _reason(str(error))
    ports = found.get("port", "").split(",")
    if any(port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536) for port in ports):
        return {}, "what stands where the port should be is no port number"
    if "@" in found.get("host", "").lstrip("@"):
        return {}, "it has more than one @"
    if "://" in url and "@" in url.partition("://")[2].partition("?")[0].partition("/")[2]:
        return {}, "an @ stands after the first /, where no user and password are expected"
    return found, None


def _reason(text: str) -> str:
    if "percent-encoded" in text or "%00" in text:
        return "a % in it is not followed by two hexadecimal digits"
    if "IPv6" in text or "]" in text.partition(":")[0]:
        return "it has a [ without its ], which only an IPv6 address needs"
    if "query parameter" in text or "invalid connection option" in text:
        return "it has a parameter that PostgreSQL does not know"
    if "separator" in text:
        return "a parameter in it has no value, or more than one ="
    return "PostgreSQL does not understand it"


def _written_passwords(url: str) -> set[str]:
    """The password as the URL spells it, before percent-decoding."""
    authority, _, query = url.partition("://")[2].partition("?")
    found = {part.partition("=")[2] for part in query.split("&") if part.partition("=")[0] in _SECRETS}
    credentials, at, _ = authority.partition("@")
    return found | {credentials.partition(":")[2]} if at else found


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text)
