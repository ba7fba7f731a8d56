"""What an application imports: a pool, queries, transactions that nest, and a check that live is what it was built for.

    from dbsync.runtime import Database

    db = Database()                                       # DATABASE_URL; connects when it is first used
    plans = db.query("select * from plans where price_cents < %s", [2000], row=Plans)
    with db.transaction():
        db.execute("update plans set price_cents = %s where name = %s", [2100, "Pro"])
    db.close()

`AsyncDatabase` is the same for asyncio.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dbsync.runtime.asynchronous import AsyncDatabase
    from dbsync.runtime.blocks import RolledBack
    from dbsync.runtime.health import Health
    from dbsync.runtime.schema import WrongSchema, fingerprint
    from dbsync.runtime.settings import Isolation, Settings
    from dbsync.runtime.synchronous import Database

__all__ = ["AsyncDatabase", "Database", "Health", "Isolation", "RolledBack", "Settings", "WrongSchema", "fingerprint"]

_MODULES = {
    "AsyncDatabase": "asynchronous",
    "Database": "synchronous",
    "Health": "health",
    "Isolation": "settings",
    "RolledBack": "blocks",
    "Settings": "settings",
    "WrongSchema": "schema",
    "fingerprint": "schema",
}


def __getattr__(name: str) -> Any:
    """What the module offers, imported when it is first asked for: an application has one of the two databases."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
