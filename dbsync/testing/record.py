"""A database that one test has for itself, as the test sees it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class OwnDatabase:
    """Where the database is. `host` is a folder where the server is reached by a Unix socket."""

    url: str = field(repr=False)
    """As postgresql://user@host:port/name, with the password if there is one."""
    conninfo: str = field(repr=False)
    """The same in libpq's words, `host=… dbname=…`."""
    host: str
    port: int
    name: str
    user: str

    def __str__(self) -> str:
        return self.name
