"""Names for Python and TypeScript: of classes, of fields, of an enum's members."""

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable

from dbsync.codegen.schema import Name

_WORDS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z]?[^\W_A-Z]+")
_SNAKE = re.compile(r"[^\W\d_A-Z][^\WA-Z]*\Z")
IN_BODIES = frozenset({"str", "int", "bool", "float", "bytes", "list", "dict", "dt", "self", "cls"})
"""What the body of a class needs to keep its meaning."""


def words(text: str) -> list[str]:
    """The words of a name: those of `createdAt`, `created_at` and `Created at` are the same."""
    return _WORDS.findall(_letters(text))


def _letters(text: str) -> str:
    """The text as Python reads names (NFKC), with a blank for what no name may hold."""
    return "".join(c if f"a{c}".isidentifier() else " " for c in unicodedata.normalize("NFKC", text))


def camel(text: str) -> str:
    """The name of a class."""
    name = "".join(
        word[:1].upper() + word[1:].lower() if word.isupper() else word[:1].upper() + word[1:] for word in words(text)
    )
    return _name(name, "N")


def snake(text: str) -> str:
    """A name in small letters: a leading underscore would make it private."""
    plain = _letters(text)
    name = plain if _SNAKE.match(plain) else "_".join(words(text)).lower()
    return _name(name, "n_").rstrip("_") or "n"


def _name(text: str, prefix: str) -> str:
    """The text as Python will call it once it is a name: upper case may need more letters, which NFKC takes apart."""
    name = _letters(text).replace(" ", "")
    return name if name[:1].isidentifier() and name[:1] != "_" else f"{prefix}{name}"


def fields(texts: Iterable[str], *reserved: Container[str]) -> list[str]:
    """The names of a class's fields, all different."""
    return distinct(field(text, *reserved) for text in texts)


def field(text: str, *reserved: Container[str]) -> str:
    """The name of a field; a key word and what is reserved get a trailing underscore."""
    name = snake(text)
    return f"{name}_" if any(name in one for one in (keyword.kwlist, IN_BODIES, *reserved)) else name


def constant(label: str) -> str:
    """The name of an enum's member."""
    name = "_".join(words(label)).upper()
    if not name:
        return "EMPTY" if not label else "OTHER"
    return _name(name, "N_")


def distinct(texts: Iterable[str], taken: Iterable[str] = (), joint: str = "_") -> list[str]:
    """The names in their order, each only once: the second of two gets a number."""
    seen = set(taken)
    found = []
    for text in texts:
        name, number = text, 1
        while name in seen:
            number += 1
            name = f"{text.rstrip('_')}{joint}{number}"
        seen.add(name)
        found.append(name)
    return found


class Classes:
    """The names of the classes of a file: a schema other than public stands before them."""

    def __init__(self, names: Iterable[Name], taken: Iterable[str]):
        # Of two that would be called the same, the one with the usual spelling has the better claim.
        listed = sorted(names, key=lambda name: not _SNAKE.match(name[1]))
        prefixed = [camel(name) if schema == "public" else camel(schema) + camel(name) for schema, name in listed]
        self._taken = set(taken)
        self._names = dict(zip(listed, distinct(prefixed, self._taken, ""), strict=True))
        self._taken |= set(self._names.values())

    def __getitem__(self, name: Name) -> str:
        return self._names[name]

    def __contains__(self, name: object) -> bool:
        """Whether a class, or what the file needs itself, is called so."""
        return name in self._taken

    def more(self, name: Name, suffix: str) -> str:
        """The name of a class beside another one."""
        (found,) = distinct([self._names[name] + suffix], self._taken, "")
        self._taken.add(found)
        return found
