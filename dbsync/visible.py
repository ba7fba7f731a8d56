"""Makes characters visible that steer a terminal, turn a line around or hide in it; the only place that knows them."""

import functools
import unicodedata

_SOFT_HYPHEN = "\u00ad"


@functools.cache
def steers(character: str) -> bool:
    """Whether it is a control character, a format character such as the marks of direction and those without a width,
    a line or paragraph separator, or half of a surrogate pair. A soft hyphen is a letter like others."""
    category = unicodedata.category(character)
    return category in ("Cc", "Zl", "Zp", "Cs") or (category == "Cf" and character != _SOFT_HYPHEN)


def visible(text: str, keep: str = "") -> str:
    """The text with each such character written as an escape, but for those to `keep`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(one if one in keep or not steers(one) else _escape(one) for one in text)


def code(text: str) -> str:
    """Lines for people's eyes: they stay lines, and their tabs stay."""
    return visible(text, keep="\n\t")


def hidden(text: str) -> bool:
    """Whether a text of lines holds such a character; line ends of either sort, and tabs, are none."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return False
    return any(steers(one) for one in text.replace("\r\n", "\n") if one not in "\n\t")


def in_json(text: str) -> str:
    """A JSON document, or a part of one, with those in its strings in JSON's own escapes: it says the same."""
    if text.isascii():
        return text
    return "".join(one if one in "\n\t" or not steers(one) else _utf16(one) for one in text)


def _escape(one: str) -> str:
    number = ord(one)
    return f"\\x{number:02x}" if number < 256 else f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"


def _utf16(one: str) -> str:
    units = one.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
