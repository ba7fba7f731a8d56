"""Identities and digests of whole catalogs as JSON values, and back."""

import base64
import json
import zlib
from collections.abc import Mapping

from dbsync.model.objects import Id


def from_id(one: Id) -> list[str]:
    """The kind, and then the path."""
    return [one.kind, *one.path]


def identity(value: list[str]) -> Id:
    """What `from_id` wrote."""
    return Id(value[0], tuple(value[1:]))


def packed(digests: Mapping[Id, str]) -> str:
    """Digests by object, compressed: they are for dbsync, not for readers."""
    return squeezed(json.dumps([[*from_id(one), digest] for one, digest in digests.items()], separators=(",", ":")))


def unpacked(text: str) -> dict[Id, str]:
    """What `packed` wrote; ValueError if it is anything else."""
    return {identity(one): digest for *one, digest in json.loads(released(text))}


def squeezed(text: str) -> str:
    """A text in little room, as base64."""
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode()


def released(text: str) -> str:
    """What `squeezed` wrote; ValueError if it is anything else."""
    try:
        return zlib.decompress(base64.b64decode(text, validate=True)).decode()
    except zlib.error as error:
        raise ValueError(str(error)) from None
