"""Options, environment and configuration file, merged once into one frozen record."""

import contextlib
import dataclasses
import difflib
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dbsync.errors import UsageError

if TYPE_CHECKING:
    from dbsync.planning.signature import Key

AUTHORS = ("best", "migra", "dbsync")
SCRATCHES = ("auto", "local", "embedded", "server")
ONLINE = ("auto", "always", "never")
MANAGED = ("privileges", "extensions", "owners")

# One of these names a database for libpq; others, such as PGPASSWORD, only help to reach one.
_LIBPQ = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGDATABASE", "PGSERVICE")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """What a run was asked to do. Without a URL, `libpq` says whether libpq's environment names the database; where
    nothing does, it is the embedded development database of the project."""

    project: Path
    environ: Mapping[str, str] = dataclasses.field(repr=False)
    database: str | None = dataclasses.field(default=None, repr=False)
    libpq: bool = False
    schema: Path = Path("schema.sql")
    seeds: Path | None = None
    scratch: str = "auto"
    require_fence: bool = False
    author: str = "best"
    manage: str = "auto"
    lock_timeout: float = 2.0
    lock_budget: float = 2.0
    attempts: int = 10
    patience: float = 300.0
    build_patience: float = 600.0
    statement_timeout: float = 0.0
    online: str = "auto"
    question_timeout: float = 10.0
    load_timeout: float = 600.0
    include_path: tuple[Path, ...] = ()
    require_signature: "Key | None" = None
    """What a plan file must be signed by."""

    @property
    def embedded(self) -> bool:
        """Whether live is the embedded development database."""
        return self.database is None and not self.libpq


@dataclasses.dataclass(frozen=True)
class _Given:
    """A value, what to call it in a message, and the folder that a relative path counts from.

    A path that a file of the project gives must lie `within` the project: who may change such a file, in a pull request
    for example, may not have other files of the machine read. None is for what the person who runs dbsync says.
    """

    value: Any
    source: str
    folder: Path
    within: Path | None = None


def load(options: Mapping[str, Any], environ: Mapping[str, str] | None = None, folder: Path | None = None) -> Config:
    """Merge what was given: an option before the environment before the file before the default.

    `options` holds those that were given; `seeds` False means none.
    """
    environ = os.environ if environ is None else environ
    folder = folder or here()
    file, project = _file(folder)
    given: dict[str, _Given] = dict(file)
    _check_environment(environ)
    for key in _READERS:
        if value := environ.get(f"DBSYNC_{key.upper()}"):
            given[key] = _Given(value, f"DBSYNC_{key.upper()}", folder)
    if (url := environ.get("DATABASE_URL")) and not environ.get("DBSYNC_DATABASE"):
        given["database"] = _Given(url, "DATABASE_URL", folder)
    libpq = not (url or environ.get("DBSYNC_DATABASE")) and any(environ.get(name) for name in _LIBPQ)
    if libpq:
        given.pop("database", None)
    for key, value in options.items():
        given[key] = _Given(value, f"--{key.replace('_', '-')}", folder)
    values = {key: _READERS[key](one) for key, one in given.items()}
    schema = values.setdefault("schema", project / "schema.sql")
    if "seeds" not in values:
        default = schema.with_name("seeds.sql")
        values["seeds"] = default if default.exists() else None
    values |= {key: _near(values[key]) for key in ("schema", "seeds") if values[key]}
    return Config(project=project, environ=environ, libpq=libpq and "database" not in options, **values)


def _near(path: Path) -> Path:
    """The path as a person here would write it."""
    folder = here()
    return path.relative_to(folder) if path.is_relative_to(folder) else path


def here() -> Path:
    """The current folder. UsageError where it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise UsageError("the current folder is not there any more", hint="go to another one: cd") from None


def _is_home(folder: Path) -> bool:
    """Whether it is the user's; one without an account and HOME has none."""
    with contextlib.suppress(RuntimeError):
        return folder == Path.home()
    return False


def _file(folder: Path) -> tuple[dict[str, _Given], Path]:
    """The nearest configuration file's values, and the project's folder."""
    for place in (folder, *folder.parents):
        own, shared = place / "dbsync.toml", place / "pyproject.toml"
        table = _toml(shared).get("tool", {}).get("dbsync") if shared.is_file() else None
        if own.is_file() and table is not None:
            raise UsageError(
                f"both {own} and [tool.dbsync] in {shared} hold settings", hint="keep them in one of the two"
            )
        if own.is_file():
            return _table(_toml(own), own.name, place), place
        if table is not None:
            return _table(table, f"[tool.dbsync] in {shared.name}", place), place
        if (place / ".git").exists() or _is_home(place):
            break
    return {}, folder


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not TOML: {error}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None


def _table(table: Any, source: str, folder: Path) -> dict[str, _Given]:
    if not isinstance(table, dict):
        raise UsageError(f"{source} is not a table of settings")
    found = {}
    for written, value in table.items():
        key = written.replace("-", "_")
        if key not in _READERS:
            raise UsageError(f"{source} has an unknown key {written!r}", hint=closest(key, _READERS))
        found[key] = _Given(value, f"{written} in {source}", folder, _repository(folder))
    return found


def _repository(folder: Path) -> Path:
    """The repository that the folder is in, as far as can be seen; else the folder."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def _check_environment(environ: Mapping[str, str]) -> None:
    """Refuse a variable that looks like a slip of the pen; others by that prefix may mean something elsewhere."""
    known = {f"DBSYNC_{key.upper()}" for key in _READERS} | {
        "DBSYNC_CACHE",
        "DBSYNC_DEBUG",
        "DBSYNC_PG_BIN",
        "DBSYNC_TEST_SERVERS",
    }
    for name in environ:
        if name.startswith("DBSYNC_") and name not in known and difflib.get_close_matches(name, known, 1, 0.9):
            raise UsageError(f"the environment has an unknown variable {name}", hint=closest(name, known))


def closest(word: str, known: Iterable[str]) -> str:
    """What to answer to a word that is not known."""
    known = list(known)
    found = difflib.get_close_matches(word, known, 1, 0.5)
    return f"did you mean {found[0]!r}?" if found else f"known are {', '.join(known)}"


def _text(given: _Given) -> str:
    if not isinstance(given.value, str) or not given.value.strip():
        raise UsageError(f"{given.source} must be a text that is not empty")
    if "\0" in given.value:
        raise UsageError(f"{given.source} holds a NUL character")
    return given.value


def _path(given: _Given) -> Path:
    path = given.folder / _text(given)
    if given.within and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(given.within)):
        name = given.source.split()[0].replace("_", "-")
        raise UsageError(
            f"{given.source} leads out of the project, {given.within}: {given.value}",
            hint=f"only the option --{name} or DBSYNC_{name.replace('-', '_').upper()} may name what lies outside",
        )
    return path


def _paths(given: _Given) -> tuple[Path, ...]:
    """Folders: a list, or a text in which the system's separator stands between them."""
    value = given.value.split(os.pathsep) if isinstance(given.value, str) else given.value
    if not isinstance(value, list | tuple):
        raise UsageError(f"{given.source} must be a list of folders")
    found = tuple(_path(dataclasses.replace(given, value=one)) for one in value)
    for path in found:
        if not path.is_dir():
            raise UsageError(f"{path} is not a folder, but {given.source} names it")
    return found


def _seeds(given: _Given) -> Path | None:
    if given.value is False:
        return None
    path = _path(given)
    if not path.is_file():
        raise UsageError(f"{path} does not exist, but {given.source} names it", hint="--no-seeds runs without")
    return path


def _one_of(known: tuple[str, ...]) -> Callable[[_Given], str]:
    def read(given: _Given) -> str:
        value = _text(given)
        if value not in known:
            raise UsageError(f"{given.source} cannot be {value!r}", hint=closest(value, known))
        return value

    return read


def _scratch(given: _Given) -> str:
    value = _text(given)
    return value if "://" in value or "=" in value else _one_of(SCRATCHES)(given)


def _manage(given: _Given) -> str:
    value = given.value
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        value = ",".join(value) or "none"
    parts = [part.strip() for part in _text(dataclasses.replace(given, value=value)).split(",") if part.strip()]
    for part in parts:
        if len(parts) > 1 and part in ("auto", "none"):
            raise UsageError(f"{given.source} cannot have {part!r} beside others")
        _one_of(("auto", "none", *MANAGED))(dataclasses.replace(given, value=part))
    return ",".join(dict.fromkeys(parts))


def _yes_or_no(given: _Given) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    value = known.get(given.value.strip().lower()) if isinstance(given.value, str) else given.value
    if not isinstance(value, bool):
        raise UsageError(f"{given.source} must be true or false")
    return value


def _key(given: _Given) -> "Key":
    from dbsync.planning.signature import Key  # of use where a plan is signed, and takes its time

    key = Key.parse(_text(given), given.source)
    return Key(key.kind, str(given.folder / Path(key.name).expanduser())) if key.kind == "ssh" else key


def _number(given: _Given) -> int:
    value = given.value
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= 10_000:
        raise UsageError(f"{given.source} must be a whole number from 1 on")
    return value


def _limit(given: _Given) -> float:
    """A time; 0 for any."""
    value = given.value.strip() if isinstance(given.value, str) else given.value
    return 0.0 if value in ("0", "none") or (value == 0 and value is not False) else _seconds(given)


def _seconds(given: _Given) -> float:
    value = given.value
    units = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
    if isinstance(value, str):
        digits = value.strip().rstrip("minsh ")
        unit = value.strip()[len(digits) :].strip() or "s"
        try:
            value = float(digits) * units[unit]
        except (ValueError, KeyError):
            value = None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 86400:
        raise UsageError(f"{given.source} must be a time above 0, such as 2 (seconds) or '500ms'")
    return float(value)


_READERS: Mapping[str, Callable[[_Given], Any]] = {
    "database": _text,
    "schema": _path,
    "seeds": _seeds,
    "scratch": _scratch,
    "require_fence": _yes_or_no,
    "author": _one_of(AUTHORS),
    "manage": _manage,
    "lock_timeout": _seconds,
    "lock_budget": _seconds,
    "attempts": _number,
    "patience": _seconds,
    "build_patience": _seconds,
    "statement_timeout": _limit,
    "online": _one_of(ONLINE),
    "question_timeout": _seconds,
    "load_timeout": _seconds,
    "include_path": _paths,
    "require_signature": _key,
}
