"""Says every half minute what a run waits for, where nobody sees a line that moves."""

import threading
import time
from collections.abc import Callable

EVERY = 30.0
"""Seconds between two lines."""


class Heartbeat:
    """Beats from the first `doing` on, until it is stopped."""

    def __init__(self, say: Callable[[str], None]):
        """`say` writes a line, from a thread of its own."""
        self._say = say
        self._text = ""
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def doing(self, text: str) -> None:
        """What is being done now; nothing is said where that is empty."""
        self._text = text
        if text and self._thread is None:
            self._thread = threading.Thread(target=self._run, name="dbsync-heartbeat", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """The last beat is over when this returns."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        began = time.monotonic()
        while not self._over.wait(EVERY):
            if text := self._text:
                self._say(f"after {time.monotonic() - began:.0f} s: {text}")
