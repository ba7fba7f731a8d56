"""Makes copies of binaries and an empty data directory, once, where the account that runs the server reaches them."""

import dataclasses
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from dbsync.errors import ScratchError
from dbsync.scratch import cache
from dbsync.scratch.account import Account
from dbsync.scratch.binaries import Installation

SUPERUSER = "dbsync_scratch"
"""The superuser of a development server, and of those that tests start."""
RESERVED = "dbsync_scratch_superuser"
"""The superuser of a scratch server, by a name of its own: what a live database's superuser owns is ordinary there."""
FIRST_PASSWORD = "dbsync"
"""The superuser's password in a fresh data directory, which a server that is `locked` has changed first of all."""
LOCKED = f"local all {RESERVED} password\nlocal all all trust\n"
"""pg_hba.conf of a server on which code of a stranger's may come to the socket."""

_NEEDLESS = shutil.ignore_patterns("include", "doc", "man", "locale", "*.a", "*.pyc", "__pycache__")


def environment() -> dict[str, str]:
    """What programs of a private server get of ours: nothing that could be a secret."""
    kept = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C", "TZ": "UTC"}


def reachable(installation: Installation, account: Account, home: Path) -> Installation:
    """The installation itself, or a copy of it where the account may not go to it."""
    share = installation.share
    if account.reaches(installation.bin / "postgres") and (share is None or account.reaches(share / "extension")):
        return installation
    name = f"binaries-{_key(installation)}"
    copied = cache.kept(home, name, lambda staging: _copy_binaries(installation, staging))
    return dataclasses.replace(installation, bin=copied / installation.bin.relative_to(installation.root), root=copied)


def template(installation: Installation, account: Account, home: Path, superuser: str = SUPERUSER) -> Path:
    """The empty data directory for these binaries; only copies of it are run."""
    options = ["--no-sync", "--wal-segsize=1", "--locale=C", "--encoding=UTF8", "--auth=trust", "--no-instructions"]
    if installation.major >= 18:
        options.append("--no-data-checksums")
    options.append(f"--username={superuser}")
    name = f"cluster-{_key(installation, account.uid, *options, FIRST_PASSWORD)}"

    def make(staging: Path) -> None:
        account.own(staging)
        (staging / "password").write_text(FIRST_PASSWORD)
        places = [f"--pgdata={staging / 'data'}", f"--pwfile={staging / 'password'}"]
        command: list[str | Path] = [installation.bin / "initdb", *options, *places]
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            stdin=subprocess.DEVNULL,
            cwd=staging,
            env=environment(),
            start_new_session=True,
            **account.popen(),
        )
        if done.returncode:
            raise ScratchError(
                f"{installation.label} could not make a data directory",
                detail=(done.stderr or done.stdout).strip(),
                hint=f"{home} has {shutil.disk_usage(home).free // 1_000_000} MB free",
            )

    return cache.kept(home, name, make) / "data"


def copy_template(source: Path, target: Path, account: Account, environ: Mapping[str, str]) -> None:
    """Copies an empty data directory, by the file system's own cloning where it has it."""
    cloning = ["-c"] if sys.platform == "darwin" else ["--reflink=auto"] if sys.platform == "linux" else []
    done = _copy(["-a", *cloning], source, target, account, environ)
    if done.returncode and cloning:
        shutil.rmtree(target, ignore_errors=True)
        done = _copy(["-a"], source, target, account, environ)
    if done.returncode:
        place = target.parent.parent
        raise ScratchError(
            "The data directory of the scratch server could not be written",
            detail="\n".join(done.stderr.strip().splitlines()[:3]),
            hint=f"{place} has {shutil.disk_usage(place).free // 1_000_000} MB free; it takes about 100",
        )


def _copy(
    options: list[str], source: Path, target: Path, account: Account, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["cp", *options, source, target],
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        stdin=subprocess.DEVNULL,
        cwd="/",
        env=dict(environ),
        start_new_session=True,
        **account.popen(),
    )


def _key(installation: Installation, *more: object) -> str:
    found = (installation.bin / "postgres").stat()
    return cache.key(installation.bin, installation.version, found.st_size, found.st_mtime_ns, *more)


def _copy_binaries(installation: Installation, staging: Path) -> None:
    """Keeps the layout, because programs find their libraries by a path relative to their own."""
    if installation.root == installation.bin.parent:
        shutil.copytree(installation.root, staging, symlinks=True, ignore=_NEEDLESS, dirs_exist_ok=True)
    else:
        top = installation.bin.relative_to(installation.root).parts[0]
        for folder in (installation.root / top, installation.root / f"{top}.libs"):
            if folder.is_dir():
                shutil.copytree(folder, staging / folder.name, symlinks=True, ignore=_NEEDLESS)
    for path in [staging, *staging.rglob("*")]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o111 else 0o644)
