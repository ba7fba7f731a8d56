"""Which transaction code runs in: that of the `with` block around it, whichever task, thread or process runs it.

A block usually belongs to the task or thread that entered it, and lasts until it is left. One that a generator enters
belongs to the generator: while that is suspended, and after it was abandoned, its reader is not inside. Generators that
are context managers are the exception, since they enter for the code that uses them.
"""

import asyncio
import inspect
import os
import threading
import weakref
from contextvars import ContextVar
from types import FrameType
from typing import Any, Generic, TypeVar

from dbsync.errors import DbsyncError, UsageError

C = TypeVar("C")

_GENERATOR = inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR
_CONTEXT_MANAGERS = "contextlib"
_FIXTURES = frozenset({"_pytest.fixtures", "anyio._backends._asyncio"})
"""Modules that run generators for the code that comes after them, not for what they yield."""


class RolledBack(DbsyncError):
    """A transaction block came to its end without an error, but PostgreSQL had nothing left to commit."""

    exit_code = 6


class Block(Generic[C]):
    """A transaction, or a savepoint of `parent`, from its beginning to its end."""

    def __init__(self, connection: C, parent: "Block[C] | None"):
        self.connection = connection
        self.parent = parent
        self.inner: Block[C] | None = None
        """The savepoint that is open in it."""
        self.process = os.getpid()
        self.generator: FrameType | None = None
        self.owner: weakref.ref[Any] | None = None
        self.managers: tuple[weakref.ref[Any], ...] = ()
        """The context managers that hold it open; nobody can leave a block whose manager is gone."""
        self.before: Block[C] | None = None
        """The block that was the last one in the same place when this one was entered."""
        self.open = True

    @property
    def stands(self) -> bool:
        """Whether code can be inside."""
        return self.open and not self.alien and all(manager() is not None for manager in self.managers)

    @property
    def alien(self) -> bool:
        """Whether it is another process's: after fork() the session is the parent's."""
        return self.process != os.getpid()

    @property
    def entangled(self) -> bool:
        """Whether a savepoint in it is open."""
        return self.inner is not None and self.inner.open


class Blocks(Generic[C]):
    """The blocks of one database that are open."""

    def __init__(self) -> None:
        self._last: ContextVar[Block[C] | None] = ContextVar("dbsync_runtime", default=None)
        self._in_generators: dict[FrameType, Block[C]] = {}

    def current(self) -> Block[C] | None:
        """The innermost block that the caller is in.

        UsageError where a savepoint is open in it that the caller is not in: what ran now would be undone with that.
        """
        block = self._found()
        if block is not None and block.entangled:
            raise UsageError(
                "A nested transaction of this one is still open, and what runs now would be rolled back with it",
                detail="a generator entered it and has not come to its end",
                hint="read the generator to its end, or close it with contextlib.closing(…) or aclosing(…)",
            )
        return block

    def enter(self, connection: C, parent: Block[C] | None) -> Block[C]:
        """A new block for the caller."""
        block = Block(connection, parent)
        block.generator, block.managers = _place()
        if block.generator is not None:
            block.before = self._in_generators.get(block.generator)
            self._in_generators[block.generator] = block
        else:
            block.owner = weakref.ref(_owner())
            block.before = _open(self._last.get())
            self._last.set(block)
        if parent is not None:
            parent.inner = block
        return block

    def leave(self, block: Block[C]) -> None:
        """End a block, from wherever it is left."""
        block.open = False
        if block.parent is not None and block.parent.inner is block:
            block.parent.inner = None
        before = _open(block.before)
        generator, block.generator = block.generator, None
        if generator is None:
            if self._last.get() is block:
                self._last.set(before)
        elif before is not None and self._in_generators.get(generator) is block:
            self._in_generators[generator] = before
        elif self._in_generators.get(generator) is block:
            del self._in_generators[generator]

    def _found(self) -> Block[C] | None:
        if self._in_generators:
            frame = inspect.currentframe()
            while frame is not None:
                if (block := self._in_generators.get(frame)) is not None and block.stands:
                    return block
                frame = frame.f_back
        last = self._last.get()
        owner = _owner() if last is not None else None
        while last is not None and not (last.owner is not None and last.owner() is owner and last.stands):
            last = last.before
        return last


def _open(block: Block[C] | None) -> Block[C] | None:
    while block is not None and not block.open:
        block = block.before
    return block


def _owner() -> object:
    """The task, or outside of all tasks the thread."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        task = None
    return threading.current_thread() if task is None else task


def _place() -> tuple[FrameType | None, tuple[weakref.ref[Any], ...]]:
    """The generator that the caller runs in, if it runs in one, and the context managers that it enters for others."""
    managers = []
    frame = inspect.currentframe()
    while frame is not None:
        driver = frame.f_back
        if driver is not None and frame.f_code.co_flags & _GENERATOR:
            module = driver.f_globals.get("__name__")
            if module == _CONTEXT_MANAGERS and "self" in driver.f_locals:
                managers.append(weakref.ref(driver.f_locals["self"]))
            elif module not in _FIXTURES:
                return frame, tuple(managers)
        frame = driver
    return None, tuple(managers)
