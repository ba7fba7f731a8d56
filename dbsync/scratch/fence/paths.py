"""What PostgreSQL's programs need to open and to execute."""

import functools
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

from dbsync.scratch.binaries import Installation
from dbsync.scratch.fence.record import Connects, Fence

_LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/local/lib64")
_LOADER = ("/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d")
_TIME_AND_LOCALE = ("/etc/localtime", "/usr/share/zoneinfo", "/usr/share/locale", "/usr/share/i18n", "/usr/share/icu")
_CRYPTOGRAPHY = (
    "/etc/ssl/openssl.cnf",
    "/etc/pki/tls/openssl.cnf",
    "/etc/crypto-policies",
    "/usr/share/crypto-policies",
)
# What packages of extensions, languages and dictionaries keep beside their libraries.
_EXTENSIONS = (
    "/usr/share/proj",
    "/usr/share/gdal",
    "/usr/share/perl",
    "/usr/share/perl5",
    "/etc/perl",
    "/usr/share/hunspell",
    "/usr/share/myspell",
    "/var/cache/postgresql/dicts",
)
_MACOS = ("/System", "/usr/share", "/private/var/db/timezone", "/private/var/db/dyld")
# Where every package has a folder of its own, libraries lie in those of others.
_STORES = (
    "/nix/store",
    "/gnu/store",
    "/home/linuxbrew/.linuxbrew",
    "/opt/homebrew",
    "/usr/local/Cellar",
    "/usr/local/opt",
)


def server(installation: Installation, *writable: Path, connects: Connects = "nowhere") -> Fence:
    """The fence of a server whose data and socket lie in these folders."""
    return _fence(installation, "postgres", writable, connects)


def client(installation: Installation, name: str) -> Fence:
    """The fence of psql or pg_dump, which only speak with a server on a Unix socket."""
    return _fence(installation, name, (), "sockets")


def _fence(installation: Installation, name: str, writable: tuple[Path, ...], connects: Connects) -> Fence:
    program = installation.bin / name
    return Fence(
        readable=tuple(dict.fromkeys((*_own(installation), *_shared(installation)))),
        executable=(program, *_interpreter(program)),
        writable=writable,
        connects=connects,
    )


def _own(installation: Installation) -> Iterator[Path]:
    """Where this installation's programs, libraries and definitions are."""
    yield installation.bin
    for name in ("lib", "lib64"):
        yield installation.bin.parent / name
    if installation.share:
        yield installation.share
    if installation.root != installation.bin.parent:
        # A wheel's libraries lie beside its package.
        yield installation.root / f"{installation.bin.relative_to(installation.root).parts[0]}.libs"


def _shared(installation: Installation) -> Iterator[Path]:
    for name in (*_LIBRARIES, *_LOADER, *_TIME_AND_LOCALE, *_CRYPTOGRAPHY, *_EXTENSIONS):
        yield Path(name)
    if sys.platform == "darwin":
        yield from map(Path, _MACOS)
    yield from (Path(store) for store in _STORES if installation.bin.is_relative_to(store))
    for variable in ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"):
        yield from (Path(name) for name in os.environ.get(variable, "").split(os.pathsep) if name.startswith("/"))
    yield from _configured()


@functools.cache
def _configured() -> tuple[Path, ...]:
    """The folders that this machine's loader also looks for libraries in (ldconfig(8))."""
    found = []
    for file in (Path("/etc/ld.so.conf"), *sorted(Path("/etc/ld.so.conf.d").glob("*.conf"))):
        try:
            lines = file.read_text(errors="replace").splitlines()
        except OSError:
            continue
        found += [Path(line.strip()) for line in lines if line.startswith("/")]
    return tuple(found)


@functools.cache
def _interpreter(program: Path) -> tuple[Path, ...]:
    """The loader that the kernel starts for this program (elf(5), PT_INTERP): a 64-bit one, of this byte order."""
    with program.open("rb") as file:
        head = file.read(64)
        if head[:5] != b"\x7fELF\x02":
            return ()
        (table,) = struct.unpack_from("=Q", head, 32)
        size, count = struct.unpack_from("=HH", head, 54)
        for number in range(count):
            file.seek(table + number * size)
            kind, _, offset, _, _, length = struct.unpack_from("=IIQQQQ", file.read(size))
            if kind == 3:
                file.seek(offset)
                return (Path(os.fsdecode(file.read(length).rstrip(b"\0"))),)
    return ()
