"""A schema file gets no more on a scratch server than an ordinary role: by its rights alone, and with both fences."""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest

from dbsync.errors import DbsyncError
from dbsync.load.script import script_of
from dbsync.pg.server import Role
from dbsync.planning.workspace import DESIRED, Workspace
from dbsync.scratch import binaries
from dbsync.scratch.launch import Fencing
from dbsync.scratch.private import private_server
from dbsync.scratch.provider import Needs, Scratch
from tests.plugins.server import Server

INSTALLATIONS = {one.major: one for one in [*binaries.installations(), binaries.embedded()] if one}
NEWEST = max(INSTALLATIONS)
SECRET = "s3cr3t of another file"


def _attacks() -> dict[str, str]:
    """The texts of attacks.sql by their names."""
    sections = (Path(__file__).parent / "attacks.sql").read_text().split("\n-- # ")[1:]
    return {name: text for name, _, text in (section.partition("\n") for section in sections)}


ATTACKS = _attacks()
PRELUDE = ATTACKS.pop("what they share")

LIBRARY = textwrap.dedent("""
    #include <stdio.h>
    static void made(void) { FILE *file = fopen("%s", "w"); if (file) fclose(file); }
    __attribute__((constructor)) static void opened(void) { made(); }
    void attack(void) { made(); }
""")


@dataclasses.dataclass(frozen=True)
class Place:
    """What an attack is after: a file that must not come to be, and one that must not be read."""

    folder: Path
    marker: Path
    secret: Path
    library: Path


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    # Whoever runs the server gets there: nothing but rights is in its way.
    folder = Path(os.environ.get("TMPDIR", "/tmp")) / f"dbsync-attacks-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    folder.chmod(0o777)
    found = Place(folder, folder / "marker", folder / "secret", folder / "attack.so")
    found.secret.write_text(SECRET + "\n")
    found.secret.chmod(0o644)
    if compiler := shutil.which("cc"):
        (folder / "attack.c").write_text(LIBRARY % found.marker)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", found.library, folder / "attack.c"], check=True)
    return found


SERVERS: dict[str, tuple[int, Fencing | None]] = {
    f"{major}, rights alone": (major, None) for major in sorted(INSTALLATIONS)
}
SERVERS |= {f"{NEWEST}, both fences": (NEWEST, Fencing())}


@pytest.fixture(scope="module", params=list(SERVERS.values()), ids=list(SERVERS))
def scratch(request: pytest.FixtureRequest) -> Iterator[Scratch]:
    """A server whose session role is a superuser on the live one: nobody could ask for more."""
    major, fencing = request.param
    roles = tuple(Role(name=name, superuser=True) for name in ("boss", "other_boss"))
    needs = Needs(major=major, session_role="boss", roles=roles)
    with private_server(INSTALLATIONS[major], needs, fencing=fencing) as server:
        yield server


@pytest.fixture
def attack(scratch: Scratch, place: Place, server: Server) -> Iterator[Callable[[str], None]]:
    """Plans with a file as far as its code goes: it is loaded, read, dumped, and what was dumped is loaded again."""
    names = {
        "marker": str(place.marker),
        "secret": str(place.secret),
        "secret_text": "stolen",
        "library": str(place.library),
        "folder": str(place.folder),
        "host": server.target.parameters["host"],
        "port": server.target.parameters.get("port", "5432"),
        "user": server.target.parameters["user"],
    }
    workspace = Workspace(scratch, "boss", superuser=True)

    def run(text: str) -> None:
        said = ""
        try:
            workspace.load(script_of("schema.sql", _filled(PRELUDE + text, names)))
            workspace.read(DESIRED)
            scratch.create("again")
            workspace.load_dump("again", workspace.dump(DESIRED))
            workspace.read("again")
        except DbsyncError as error:
            said = f"{error} {error.excerpt} {error.detail}"
        assert not place.marker.exists(), said
        assert not _loot(scratch), said
        assert SECRET not in said

    yield run
    place.marker.unlink(missing_ok=True)
    for name in ("again", DESIRED):
        scratch.drop(name)


def _filled(text: str, names: Mapping[str, str]) -> str:
    for name, value in names.items():
        text = text.replace(f"<{name}>", value)
    return text


def _loot(scratch: Scratch) -> list[str]:
    with contextlib.suppress(psycopg.errors.UndefinedTable), contextlib.closing(scratch.connect(DESIRED)) as session:
        return [row[0] for row in session.execute("select what from public.loot where what is not null").fetchall()]
    return []


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_gets_nothing(name: str, attack: Callable[[str], None]) -> None:
    attack(ATTACKS[name])


@pytest.fixture(scope="module", params=sorted(INSTALLATIONS))
def open_scratch(request: pytest.FixtureRequest) -> Iterator[Scratch]:
    """A server without any fence."""
    with private_server(INSTALLATIONS[request.param], Needs(major=request.param), fencing=None) as server:
        yield server


@pytest.mark.parametrize("text", ["select 1 from evil();", "do $$ begin perform evil(); end $$;"])
def test_the_attacks_would_work_with_a_superusers_rights(text: str, open_scratch: Scratch, place: Place) -> None:
    """What makes the other tests worth something."""
    open_scratch.create("open")
    try:
        with contextlib.closing(open_scratch.connect("open")) as session:
            session.execute("set search_path = public")
            names = {"marker": str(place.marker), "secret": str(place.secret)}
            session.execute(_filled(PRELUDE, names).encode())
            session.execute(text.encode())
            assert place.marker.exists()
            loot = session.execute("select what from loot").fetchall()
            assert {row[0] for row in loot} == {SECRET, "superuser"}
    finally:
        open_scratch.drop("open")
        place.marker.unlink(missing_ok=True)
