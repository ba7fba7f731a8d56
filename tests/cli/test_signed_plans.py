"""Plan files that are signed, by a secret of the environment or an SSH key, and those that should be."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dbsync import cli
from dbsync.pg.connect import Target, connect

pytestmark = pytest.mark.usefixtures("kept_scratch")

Live = psycopg.Connection[Any]
Captured = pytest.CaptureFixture[str]

SECRET = "correct horse battery staple"
HMAC = "env:PLAN_KEY"


@pytest.fixture
def live(database: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Live]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database.conninfo())
    monkeypatch.setenv("PLAN_KEY", SECRET)
    (tmp_path / ".git").mkdir()
    (tmp_path / "schema.sql").write_text("create table plans (id integer primary key);")
    with connect(database) as connection:
        connection.execute("create table public.plans (id integer primary key, gone text)")
        yield connection


def intact(live: Live) -> bool:
    return live.execute("select count(*) from pg_attribute where attname = 'gone'").fetchone() == (1,)


def key(name: str) -> str:
    """An SSH key, and a file that allows it alone."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", name], check=True)
    Path(f"{name}.allowed").write_text(f"ci@example.com {Path(f'{name}.pub').read_text()}")
    return f"ssh:{name}"


def plan(*options: str) -> dict[str, Any]:
    assert cli.main(["plan", "--out", "plan.json", *options]) == 0
    found: dict[str, Any] = json.loads(Path("plan.json").read_text())
    return found


def remade(document: dict[str, Any]) -> None:
    """As who edits a file writes it: with the checksum that it needs."""
    rest = {key: value for key, value in document.items() if key not in ("checksum", "signature")}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    document["checksum"] = hashlib.sha256(text.encode()).hexdigest()
    Path("plan.json").write_text(json.dumps(document))


def refused(capsys: Captured, said: str, *options: str) -> None:
    capsys.readouterr()
    assert cli.main(["apply", "plan.json", "--yes", "--allow", "all", *options]) == 5
    told = capsys.readouterr()
    assert said in told.err
    assert SECRET not in told.err + told.out


def test_by_a_secret(live: Live, capsys: Captured) -> None:
    document = plan("--sign", HMAC)
    assert SECRET not in Path("plan.json").read_text() + "".join(capsys.readouterr())
    # Formatting is no edit.
    Path("plan.json").write_text(json.dumps(document, indent=7, sort_keys=True))
    assert cli.main(["apply", "plan.json", "--yes", "--allow", "all", "--require-signature", HMAC]) == 0
    assert not intact(live)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="OpenSSH is not there")
def test_by_an_ssh_key(live: Live, capsys: Captured) -> None:
    plan("--sign", key("mine"))
    key("other")
    refused(capsys, "was signed by somebody else", "--require-signature", "ssh:other.allowed")
    refused(capsys, "is not signed by the secret in PLAN_KEY", "--require-signature", HMAC)
    assert intact(live)
    assert cli.main(["apply", "plan.json", "--yes", "--allow", "all", "--require-signature", "ssh:mine.allowed"]) == 0
    assert not intact(live)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="OpenSSH is not there")
def test_an_ssh_signature_of_something_else(live: Live, capsys: Captured) -> None:
    """The key signs commits, too: a signature counts for what it was made for."""
    document = plan("--sign", key("mine"))
    Path("content").write_bytes(b"x")
    subprocess.run(["ssh-keygen", "-Y", "sign", "-q", "-n", "git", "-f", "mine", "content"], check=True)
    document["signature"]["value"] = Path("content.sig").read_text()
    remade(document)
    refused(capsys, "was signed by somebody else, or edited", "--require-signature", "ssh:mine.allowed")


EDITS = {
    "another step": lambda one: one["batches"][0]["steps"][0].update(sql="DROP TABLE public.plans"),
    "no losses": lambda one: one.update(losses=[]),
    "another digest": lambda one: one.update(digest="0" * 32),
    "another note": lambda one: one.update(notes=["fine"]),
    "another state to go back to": lambda one: one.update(before=None),
    "another version": lambda one: one.update(dbsync="0.0"),
    "another format": lambda one: one.update(format="x"),
    "no signature": lambda one: one.pop("signature"),
    "a signature that is none": lambda one: one.update(signature="fine"),
    "a signature of another kind": lambda one: one["signature"].update(kind="none"),
    "an empty signature": lambda one: one["signature"].update(value=""),
    "no text in the signature": lambda one: one["signature"].update(value=None),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit(live: Live, capsys: Captured, what: str) -> None:
    """Whatever it is, it is found before anything else is looked at: there is no database to reach."""
    document = plan("--sign", HMAC)
    EDITS[what](document)
    remade(document)
    options = ["--require-signature", HMAC, "--database", "postgresql://nobody@127.0.0.1:1/none"]
    refused(capsys, "signed", *options)
    assert intact(live)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}"])
def test_no_plan_at_all(live: Live, capsys: Captured, text: str) -> None:
    Path("plan.json").write_text(text)
    refused(capsys, "plan.json is not signed", "--require-signature", HMAC)


def test_another_secret(live: Live, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    plan("--sign", HMAC)
    monkeypatch.setenv("PLAN_KEY", SECRET + "!")
    refused(capsys, "was signed by somebody else, or edited", "--require-signature", HMAC)


def test_configured(live: Live, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("dbsync.toml").write_text(f'require-signature = "{HMAC}"')
    plan()
    refused(capsys, "plan.json is not signed")
    plan("--sign", HMAC)
    assert cli.main(["apply", "plan.json", "--yes", "--allow", "all"]) == 0
    monkeypatch.setenv("DBSYNC_REQUIRE_SIGNATURE", "env:OTHER")
    capsys.readouterr()
    assert cli.main(["apply", "plan.json", "--yes"]) == 2
    assert "OTHER, which is to hold the secret that signs plans, is not set" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["plan", "--out", "plan.json", "--sign", SECRET], "the secret itself must not stand in options"),
        (["plan", "--out", "plan.json", "--sign", f"env:{SECRET}"], "the secret itself must not stand in options"),
        (["plan", "--out", "plan.json", "--sign", "env:NOBODY_SET_IT"], "NOBODY_SET_IT, which is to hold"),
        (["plan", "--out", "plan.json", "--sign", "ssh:nowhere"], "nowhere, which is to sign plans"),
        (["plan", "--sign", HMAC], "--out FILE saves it"),
        (["undo", "--sign", HMAC], "--out FILE saves it"),
        (["apply", "--require-signature", HMAC], "name its file"),
        (["apply", "plan.json", "--require-signature", SECRET], "the secret itself must not stand in options"),
    ],
)
def test_wrong_options(live: Live, capsys: Captured, options: list[str], said: str) -> None:
    """Found before anything is planned; no secret is repeated."""
    assert cli.main(options) == 2
    told = capsys.readouterr().err
    assert said in " ".join(told.split())
    assert SECRET not in told
    assert not Path("plan.json").exists()


def test_a_short_secret(live: Live, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAN_KEY", "short")
    assert cli.main(["plan", "--out", "plan.json", "--sign", HMAC]) == 2
    assert "holds fewer than 16 characters" in capsys.readouterr().err
