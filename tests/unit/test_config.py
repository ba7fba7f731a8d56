"""Merging options, environment and file."""

from pathlib import Path
from typing import Any

import pytest

from dbsync import config
from dbsync.apply.session import Limits
from dbsync.config import Config
from dbsync.errors import UsageError
from dbsync.tasks.apply import limits


def load(folder: Path, environ: dict[str, str] | None = None, **options: Any) -> Config:
    return config.load(options, environ or {}, folder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def toml(folder: Path, text: str) -> None:
    (folder / "dbsync.toml").write_text(text)


def test_defaults(folder: Path) -> None:
    found = load(folder)
    assert found.embedded
    assert (found.schema, found.seeds) == (folder / "schema.sql", None)
    assert (found.scratch, found.author, found.manage, found.lock_timeout) == ("auto", "best", "auto", 2.0)


def test_precedence(folder: Path) -> None:
    toml(folder, 'author = "migra"\ndatabase = "postgresql:///file"\n')
    assert load(folder).author == "migra"
    assert load(folder, {"DBSYNC_AUTHOR": "dbsync"}).author == "dbsync"
    assert load(folder, {"DBSYNC_AUTHOR": "dbsync"}, author="best").author == "best"
    assert load(folder).database == "postgresql:///file"
    assert load(folder, {"DATABASE_URL": "postgresql:///env"}).database == "postgresql:///env"
    assert (
        load(folder, {"DATABASE_URL": "a://", "DBSYNC_DATABASE": "postgresql:///own"}).database == "postgresql:///own"
    )
    assert load(folder, {"DATABASE_URL": "a://"}, database="postgresql:///option").database == "postgresql:///option"


def test_libpq_environment_goes_before_the_file(folder: Path) -> None:
    toml(folder, 'database = "postgresql:///file"\n')
    found = load(folder, {"PGHOST": "db"})
    assert (found.database, found.libpq, found.embedded) == (None, True, False)
    assert load(folder, {"PGPASSWORD": "secret"}).database == "postgresql:///file"
    assert not load(folder, {"PGHOST": "db"}, database="postgresql:///option").libpq


def test_empty_variables_are_not_there(folder: Path) -> None:
    assert load(folder, {"DATABASE_URL": "", "PGHOST": "", "DBSYNC_AUTHOR": ""}).embedded


def test_file_is_found_from_below_and_paths_count_from_it(folder: Path) -> None:
    toml(folder, 'schema = "db/schema.sql"\n')
    below = folder / "a" / "b"
    below.mkdir(parents=True)
    assert load(below).schema == folder / "db" / "schema.sql"
    assert load(below, schema="x.sql").schema == below / "x.sql"
    assert load(below).project == folder


def test_pyproject(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.dbsync]\nlock-timeout = "500ms"\nmanage = ["owners", "privileges"]\n')
    assert (load(folder).lock_timeout, load(folder).manage) == (0.5, "owners,privileges")
    toml(folder, "")
    with pytest.raises(UsageError, match="both"):
        load(folder)


def test_seeds(folder: Path) -> None:
    (folder / "seeds.sql").touch()
    assert load(folder).seeds == folder / "seeds.sql"
    assert load(folder, seeds=False).seeds is None
    toml(folder, "seeds = false")
    assert load(folder).seeds is None
    with pytest.raises(UsageError, match="--seeds names it"):
        load(folder, seeds="none.sql")


def test_no_secret_in_the_repr(folder: Path) -> None:
    found = load(folder, {"DATABASE_URL": "postgresql://u:hush@h/d", "PGPASSWORD": "hush"})
    assert "hush" not in repr(found)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("shcema = 'x'", "unknown key 'shcema'", "did you mean 'schema'?"),
        ("author = 'mgra'", "cannot be 'mgra'", "did you mean 'migra'?"),
        ("author = 1", "must be a text", None),
        ("schema = ''", "must be a text", None),
        ("manage = 'privilege'", "cannot be 'privilege'", "did you mean 'privileges'?"),
        ("manage = 'none,owners'", "cannot have 'none' beside others", None),
        ("scratch = 'locl'", "cannot be 'locl'", "did you mean 'local'?"),
        ("lock_timeout = 0", "must be a time", None),
        ("lock_timeout = true", "must be a time", None),
        ("lock_timeout = '2 weeks'", "must be a time", None),
        ("statement_timeout = false", "must be a time", None),
        ("statement_timeout = -1", "must be a time", None),
        ("attempts = 0", "must be a whole number from 1 on", None),
        ("attempts = true", "must be a whole number from 1 on", None),
        ("attempts = 2.5", "must be a whole number from 1 on", None),
        ("attempts = 'often'", "must be a whole number from 1 on", None),
        ("author = ", "is not TOML", None),
    ],
)
def test_bad_files(folder: Path, text: str, message: str, hint: str | None) -> None:
    toml(folder, text)
    with pytest.raises(UsageError) as caught:
        load(folder)
    assert message in caught.value.message
    assert "dbsync.toml" in caught.value.message
    assert hint is None or caught.value.hint == hint


def test_mistyped_variable(folder: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(folder, {"DBSYNC_SCEMA": "x"})
    assert caught.value.hint == "did you mean 'DBSYNC_SCHEMA'?"
    load(folder, {"DBSYNC_SOMETHING_ELSE": "x"})


@pytest.mark.parametrize(("written", "seconds"), [("2", 2), ("2s", 2), ("500ms", 0.5), ("1 min", 60), ("1.5", 1.5)])
def test_times(folder: Path, written: str, seconds: float) -> None:
    assert load(folder, {"DBSYNC_LOCK_TIMEOUT": written}).lock_timeout == seconds


def test_how_long_an_apply_waits(folder: Path) -> None:
    toml(
        folder,
        "attempts = 3\npatience = '1 h'\nbuild-patience = 90\nlock_budget = '750ms'\nstatement_timeout = '5min'\n",
    )
    found = limits(load(folder, {"DBSYNC_ATTEMPTS": "4"}))
    assert (found.attempts, found.patience, found.other_apply) == (4, 3600, 3600)
    assert (found.build_patience, found.lock_budget, found.statement_timeout) == (90, 0.75, 300)
    for nothing in ("0", 0, "none"):
        assert limits(config.load({"statement_timeout": nothing}, {}, folder)).statement_timeout == 0
    # What an apply does by itself is said in two places.
    assert limits(config.load({}, {}, folder.parent)) == Limits()


def test_what_a_file_names_stays_in_the_repository(folder: Path) -> None:
    """A pull request may change the file; who runs dbsync says the rest."""
    project = folder / "db"
    (project / "sub").mkdir(parents=True)
    (project / "schema.sql").touch()
    toml(project, 'schema = "../shared/schema.sql"\ninclude_path = ["sub", ".."]\n')
    found = load(project)
    assert found.schema == project / "../shared/schema.sql"
    assert found.include_path == (project / "sub", project / "..")
    for text in (
        'schema = "../../.pgpass"',
        'include_path = ["../.."]',
        'schema = "/etc/passwd"',
        'seeds = "/etc/hosts"',
    ):
        toml(project, text)
        with pytest.raises(UsageError, match="leads out of the project") as caught:
            load(project)
        assert "DBSYNC_" in str(caught.value.hint)
    toml(project, 'schema = "link/passwd"')
    (project / "link").symlink_to("/etc")
    with pytest.raises(UsageError, match="leads out of the project"):
        load(project)
    toml(project, "")
    outside = str(folder.parent)
    assert load(project, include_path=(outside,)).include_path == (folder.parent,)
    assert load(project, {"DBSYNC_INCLUDE_PATH": f"{outside}:{project}"}).include_path == (folder.parent, project)
    assert load(project, {"DBSYNC_SCHEMA": f"{outside}/x.sql"}).schema == folder.parent / "x.sql"


def test_an_include_path_is_folders(folder: Path) -> None:
    for text, message in (("include_path = 3", "list of folders"), ('include_path = ["gone"]', "is not a folder")):
        toml(folder, text)
        with pytest.raises(UsageError, match=message):
            load(folder)
    (folder / ".git").rmdir()
    toml(folder, 'schema = "../schema.sql"')
    with pytest.raises(UsageError, match="leads out of the project"):
        load(folder)
