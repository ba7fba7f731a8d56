"""Signatures of plan files: by a secret that an environment variable holds (HMAC), or by an SSH key (ssh-keygen).

What is signed is the whole document but for the signature itself, in one form whatever its formatting.
"""

import dataclasses
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dbsync.errors import Refused, UsageError
from dbsync.visible import in_json

NAMESPACE = "dbsync-plan"
"""What ssh-keygen binds a signature to, so that one made for something else is none."""

_LEAST = 16
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SECONDS = 60
_PLAN_AGAIN = "get the plan from where it was signed, or plan again; nothing was applied"


@dataclasses.dataclass(frozen=True)
class Key:
    """Where a key is: `kind` is env, with the name of a variable, or ssh, with a file. It never holds a secret."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str, source: str) -> "Key":
        """A key as `source` gives it. UsageError, which does not repeat the text: it may be the secret itself."""
        kind, _, name = text.partition(":")
        if kind == "env" and _VARIABLE.match(name):
            return cls(kind, name)
        if kind == "ssh" and name:
            return cls(kind, name)
        raise UsageError(
            f"{source} must be env:NAME, the environment variable that holds a secret, or ssh:FILE",
            hint="the secret itself must not stand in options or configuration",
        )

    def secret(self, environ: Mapping[str, str]) -> bytes:
        """What the variable holds. UsageError where that is too little."""
        found = environ.get(self.name, "")
        if len(found) < _LEAST:
            what = f"holds fewer than {_LEAST} characters" if found else "is not set"
            raise UsageError(
                f"the environment variable {self.name}, which is to hold the secret that signs plans, {what}",
                hint="openssl rand -hex 32 makes one",
            )
        return found.encode()

    def file(self) -> Path:
        """The file of the key, or of those who may sign. UsageError where it is not there."""
        found = Path(self.name).expanduser()
        if not found.is_file():
            raise UsageError(f"{found}, which is to sign plans or to list who may, is not there")
        return found

    def check(self, environ: Mapping[str, str]) -> None:
        """UsageError where it is not there."""
        if self.kind == "env":
            self.secret(environ)
        else:
            self.file()


def canonical(document: Mapping[str, Any]) -> bytes:
    """A document without its checksum and its signature, the same however it is formatted."""
    rest = {key: value for key, value in document.items() if key not in ("checksum", "signature")}
    return json.dumps(rest, sort_keys=True, separators=(",", ":")).encode()


def signed(text: str, key: Key, environ: Mapping[str, str]) -> str:
    """A plan file with its signature. UsageError where the key is not there."""
    document = json.loads(text)
    content = canonical(document)
    value = _hmac(content, key, environ) if key.kind == "env" else _ssh_sign(content, key)
    document["signature"] = {"kind": key.kind, "value": value}
    return in_json(json.dumps(document, indent=1, ensure_ascii=False)) + "\n"


def verify(text: str, name: str, key: Key, environ: Mapping[str, str]) -> None:
    """Refused where a file is not signed by this key as it stands, whatever else it is."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    signature = document.get("signature") if isinstance(document, dict) else None
    if not isinstance(document, dict) or signature is None:
        raise Refused(f"{name} is not signed", hint=_PLAN_AGAIN)
    if not isinstance(signature, dict) or signature.get("kind") != key.kind:
        raise Refused(f"{name} is not signed by {_words(key)}", hint=_PLAN_AGAIN)
    value, content = signature.get("value"), canonical(document)
    if key.kind == "env":
        right = isinstance(value, str) and hmac.compare_digest(value.encode(), _hmac(content, key, environ).encode())
    else:
        right = isinstance(value, str) and _ssh_verifies(content, value, key)
    if not right:
        raise Refused(f"{name} was signed by somebody else, or edited after it was signed", hint=_PLAN_AGAIN)


def _words(key: Key) -> str:
    return f"the secret in {key.name}" if key.kind == "env" else f"a key that {key.name} lists"


def _hmac(content: bytes, key: Key, environ: Mapping[str, str]) -> str:
    return hmac.new(key.secret(environ), NAMESPACE.encode() + b"\0" + content, hashlib.sha256).hexdigest()


def _ssh_sign(content: bytes, key: Key) -> str:
    file = key.file()
    done = _ssh(["-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(file)], content)
    if done.returncode:
        raise UsageError(f"ssh-keygen does not sign with {file}", detail=_said(done))
    return done.stdout.decode()


def _ssh_verifies(content: bytes, signature: str, key: Key) -> bool:
    """Whether one of the signers that the file lists made it (ALLOWED SIGNERS in ssh-keygen's manual)."""
    file = key.file()
    with tempfile.TemporaryDirectory(prefix="dbsync-") as folder:
        path = Path(folder) / "signature"
        path.write_text(signature)
        found = _ssh(["-Y", "find-principals", "-s", str(path), "-f", str(file)], b"")
        for signer in found.stdout.decode().splitlines() if not found.returncode else ():
            options = ["-f", str(file), "-I", signer, "-n", NAMESPACE, "-s", str(path)]
            if not _ssh(["-Y", "verify", *options], content).returncode:
                return True
    return False


def _ssh(arguments: Sequence[str], content: bytes) -> "subprocess.CompletedProcess[bytes]":
    program = shutil.which("ssh-keygen")
    if program is None:
        raise UsageError(
            "ssh-keygen is not there, which signs plans and verifies them", hint="install OpenSSH's client"
        )
    try:
        return subprocess.run([program, *arguments], input=content, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise UsageError(f"ssh-keygen took longer than {_SECONDS} s: does it wait for a passphrase?") from None


def _said(done: "subprocess.CompletedProcess[bytes]") -> str:
    return done.stderr.decode(errors="replace").strip()
