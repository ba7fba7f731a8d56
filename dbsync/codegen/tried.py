"""Tries models before success is reported: Python is imported, TypeScript is read for what can be seen in it."""

import json
import re
import subprocess
import sys

from dbsync.errors import Bug

LIMIT = 120
"""Seconds that an import may take; the largest schemas need some ten."""
_LIBRARIES = frozenset({"psycopg", "pydantic", "pydantic_core", "sqlalchemy"})
_PROGRAM = """
import json, sys, traceback, types

module = types.ModuleType("models")
sys.modules[module.__name__] = module
try:
    exec(compile(sys.stdin.buffer.read().decode(), "models.py", "exec"), module.__dict__)
    if "sqlalchemy.orm" in sys.modules:
        sys.modules["sqlalchemy.orm"].configure_mappers()
except Exception as error:
    lines = [getattr(error, "lineno", None)]
    lines += [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == "models.py"]
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    found = {"error": f"{type(error).__name__}: {error}", "line": lines[-1], "missing": missing}
    print(json.dumps(found))
"""
_TOKENS = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|(?:[^\W\d]|\$)[\w$]*|[\d.]+|\S', re.DOTALL)
_CLOSED_BY = {"(": ")", "[": "]", "{": "}", "<": ">"}
_UNCLOSED = frozenset({"'", '"', "`", "\\", "/"})
_DECLARING = frozenset({"interface", "type", "const"})
_BUILTIN = frozenset({"Array", "Date", "Uint8Array"})


def try_python(text: str) -> str:
    """Import a module of models in a Python of its own; Bug if that fails.

    A note is returned where it could not be tried: a library that it needs is not installed, or time ran out.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _PROGRAM],
            input=text.encode(),
            capture_output=True,
            env={},
            timeout=LIMIT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"not tried: importing what was written took more than {LIMIT} seconds"
    if done.returncode:
        raise _bug(f"Python ended with {done.returncode}", None, text)
    if not done.stdout:
        return ""
    found = json.loads(done.stdout.splitlines()[-1])
    if found["missing"] and found["missing"].partition(".")[0] in _LIBRARIES:
        return f"{found['missing']} is not installed here: what was written was compiled, but not imported"
    raise _bug(found["error"], found["line"], text)


def try_typescript(text: str) -> str:
    """Look at all that can be seen without a compiler; Bug where something is wrong, and never a note.

    Strings, comments and brackets are closed, every name is declared once, and every type that is used is declared.
    """
    expected: list[str] = []
    declared: dict[str, int] = {}
    used: dict[str, int] = {}
    tokens = [match for match in _TOKENS.finditer(text) if not match[0].startswith(("//", "/*"))]
    for index, match in enumerate(tokens):
        token, line = match[0], text.count("\n", 0, match.start()) + 1
        before, after = (tokens[at][0] if 0 <= at < len(tokens) else "" for at in (index - 1, index + 1))
        if token in _UNCLOSED:
            raise _bug(f"a text or a comment that begins with {token} does not end", line, text)
        if token in _CLOSED_BY:
            expected.append(_CLOSED_BY[token])
        elif token in _CLOSED_BY.values() and (not expected or expected.pop() != token):
            raise _bug(f"{token} closes nothing", line, text)
        elif before in _DECLARING and after in ("=", "{"):
            if token in declared:
                raise _bug(f"{token} is declared twice", line, text)
            declared[token] = line
        elif token[0].isupper() and after not in (":", "?"):
            used[token] = line
    if expected:
        raise _bug(f"{expected[-1]} is missing", None, text)
    for name, line in used.items():
        if name not in declared and name not in _BUILTIN:
            raise _bug(f"there is no type {name}", line, text)
    return ""


def _bug(error: str, line: int | None, text: str) -> Bug:
    """The error, with the line that it is about."""
    lines = text.splitlines()
    where = f"line {line}: {lines[line - 1].strip()[:200]}" if line and line <= len(lines) else None
    return Bug(
        f"what dbsync models wrote of this schema is not valid, and was not saved: {error}",
        excerpt=where,
        hint="another --format may do until this is mended",
    )
