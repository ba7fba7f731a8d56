"""One file per kind of object: how it is read, compared, made, altered and dropped, and what it needs.

A kind is found, not registered: every subclass of Object that a module of this package defines.
"""

import importlib
import pkgutil
from collections.abc import Iterator

from dbsync.model.objects import Object


def _found() -> Iterator[type[Object]]:
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for value in vars(module).values():
            own = isinstance(value, type) and value.__module__ == module.__name__
            if own and issubclass(value, Object) and "kind" in vars(value):
                yield value


KINDS: dict[str, type[Object]] = {kind.kind: kind for kind in _found()}
"""Every kind by its name."""
