"""What the fixtures of one process share: the servers that are in use, and the scripts that were read."""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg import pq

from dbsync.errors import UsageError
from dbsync.load.definitions import extensions
from dbsync.load.script import read_script
from dbsync.model.text import Script
from dbsync.pg.target import Target
from dbsync.scratch import cache
from dbsync.scratch.provider import private_installation
from dbsync.testing.record import OwnDatabase
from dbsync.testing.site import given, private
from dbsync.testing.templates import Templates

PRIVATE = ("auto", "local", "embedded")
VARIABLE = "DATABASE_URL"
_IN_THE_URL = ("host", "port", "user", "password", "dbname")


class Server:
    """Makes databases for tests. `choice` is auto, local, embedded, a URL, or the word DATABASE_URL."""

    def __init__(
        self,
        choice: str,
        folder: Path,
        environ: Mapping[str, str] = os.environ,
        *,
        include_path: Sequence[Path] = (),
        load_timeout: float = 600.0,
    ):
        self._choice = choice
        self._include_path = include_path
        self._load_timeout = load_timeout
        self._folder = folder
        self._environ = environ
        self._stack = contextlib.ExitStack()
        self._chosen: dict[Path, Templates] = {}
        self._known: dict[str, Templates] = {}
        self._scripts: dict[Path, Script] = {}

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextlib.contextmanager
    def database(self, schema: Path, seeds: Path | None = None) -> Iterator[OwnDatabase]:
        """A database made from these files, gone at the end.

        SchemaError says where a file is wrong; ScratchError, ConnectionFailed and UsageError why there is no server.
        """
        script, rows = self._script(schema), self._script(seeds) if seeds else None
        if schema not in self._chosen:
            self._chosen[schema] = self._templates(script)
        templates = self._chosen[schema]
        with templates.copy(templates.template(script, rows)) as target:
            yield record(target)

    def _script(self, path: Path) -> Script:
        if path not in self._scripts:
            self._scripts[path] = read_script(path, self._include_path)
        return self._scripts[path]

    def _templates(self, script: Script) -> Templates:
        """Those of the server that has what the script needs; it is started, or connected to, when it is first used."""
        if self._choice in PRIVATE:
            installation = private_installation(self._choice, frozenset(extensions(script)), self._environ)
            key = cache.key(installation.bin)
            site = private(installation, self._folder / key)
        else:
            key = self._choice
            site = given(self._target())
        if key not in self._known:
            templates = Templates(self._stack.enter_context(site), load_timeout=self._load_timeout)
            self._stack.callback(templates.close)
            self._known[key] = templates
        return self._known[key]

    def _target(self) -> Target:
        if self._choice != VARIABLE:
            return Target.parse(self._choice, self._environ)
        url = self._environ.get(VARIABLE)
        if not url:
            raise UsageError(
                f"dbsync_server is {VARIABLE}, and the environment has no such variable",
                hint=f"set it, or choose another server: {', '.join(PRIVATE)}, or a URL",
            )
        return Target.parse(url, self._environ)


def record(target: Target) -> OwnDatabase:
    """What a test is told of its database."""
    known = {option.keyword.decode(): option.val.decode() for option in pq.Conninfo.get_defaults() if option.val}
    found = {**known, **target.parameters}
    host, port, user, name = (found.get(key, "") for key in ("host", "port", "user", "dbname"))
    host, port = host or found.get("hostaddr") or "localhost", port or "5432"
    rest = {key: value for key, value in target.parameters.items() if key not in _IN_THE_URL}
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if host.startswith(("/", "@")) or "," in host:
        place, rest = "", {"host": host, "port": port, **rest}
    password = f":{quote(found['password'], safe='')}" if "password" in target.parameters else ""
    query = f"?{urlencode(rest, quote_via=quote)}" if rest else ""
    return OwnDatabase(
        url=f"postgresql://{quote(user, safe='')}{password}@{place}/{quote(name, safe='')}{query}",
        conninfo=target.conninfo(),
        host=host,
        port=int(port.partition(",")[0]),
        name=name,
        user=user,
    )
