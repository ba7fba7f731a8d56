"""Every error that dbsync raises on purpose, one family, an exit code each.

    DbsyncError
    ├── UsageError         2   an option or a setting is wrong
    ├── SchemaError        3   schema.sql or seeds.sql cannot be loaded
    ├── ConnectionFailed   4   a database cannot be reached or may not be read
    ├── ScratchError       5   no scratch database can be had
    │   └── TimeIsUp       5   what runs on one does not come to an end
    ├── SystemFailed       5   the operating system refused a file, a folder, room or a program
    ├── NoPlan             5   no plan that ends where the file says could be proven
    ├── Stale              5   live is no longer what was planned on
    ├── Refused            5   the operator, or a rule of theirs, said no
    ├── ApplyFailed        6   a statement failed on live; the message says what was applied
    ├── Interrupted      130   a signal ended an apply (143 for SIGTERM, 129 for SIGHUP); the message says the same
    └── Bug               70   dbsync contradicts itself

Only the command line prints them and exits.
"""

import signal


class DbsyncError(Exception):
    """What went wrong (`message`), where (`excerpt`), why (`detail`) and what to do next (`hint`)."""

    exit_code: int = 70

    def __init__(self, message: str, *, detail: str | None = None, hint: str | None = None, excerpt: str | None = None):
        super().__init__(message)
        self.message = message
        self.detail = detail
        self.hint = hint
        self.excerpt = excerpt

    def __str__(self) -> str:
        parts = [self.message, self.excerpt, self.detail, f"hint: {self.hint}" if self.hint else None]
        return "\n".join(part for part in parts if part)


class UsageError(DbsyncError):
    """An option, an environment variable or a configuration file is wrong."""

    exit_code = 2


class SchemaError(DbsyncError):
    """The schema file or the seeds file cannot be read or loaded."""

    exit_code = 3


class ConnectionFailed(DbsyncError):
    """A database cannot be reached, or its catalog may not be read."""

    exit_code = 4


class ScratchError(DbsyncError):
    """No scratch database can be had, or it cannot hold what is asked of it."""

    exit_code = 5


class TimeIsUp(ScratchError):
    """What runs on a scratch database took more than the `seconds` that it has.

    `text` is what ran, as far as the server tells it; `mark`, the name that the session had given itself for it.
    """

    def __init__(self, seconds: float, text: str, mark: str = ""):
        words = " ".join(text.split())
        words = words if len(words) <= 300 else f"{words[:299]}…"
        super().__init__(
            f"A statement did not end on the scratch server within {_spelled(seconds)}; nothing was applied",
            detail=f"It ran: {words}" if words else None,
            hint=self.advice,
        )
        self.time = _spelled(seconds)
        self.mark = mark

    advice = (
        "a function, a default or a trigger that it runs may not come to an end; if it only takes long, give it more"
        " time with --load-timeout (load_timeout in the configuration)"
    )


def _spelled(seconds: float) -> str:
    """A time, in the unit that suits it."""
    for unit, size in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds >= size:
            return f"{seconds / size:g} {unit}{'' if seconds == size else 's'}"
    return f"{seconds * 1000:g} ms"


class SystemFailed(DbsyncError):
    """The operating system refused a file, a folder, room or a program."""

    exit_code = 5

    @classmethod
    def of(cls, error: OSError) -> "SystemFailed":
        """What it said, and about which file."""
        words = error.strerror or str(error) or type(error).__name__
        about = f"{error.filename}: " if error.filename is not None else ""
        return cls(
            f"the operating system refused something: {about}{words}",
            hint="see to that, and run it again; DBSYNC_DEBUG=1 shows where it was needed",
        )


class NoPlan(DbsyncError):
    """No plan could be proven."""

    exit_code = 5


class Stale(DbsyncError):
    """Live is no longer what the plan was made on."""

    exit_code = 5


class Refused(DbsyncError):
    """The plan was not agreed to."""

    exit_code = 5


class ApplyFailed(DbsyncError):
    """A statement failed on live; the message says what was applied and what was not."""

    exit_code = 6


class Interrupted(DbsyncError):
    """A signal ended the work: Ctrl-C (SIGINT); 143 for SIGTERM, 129 for SIGHUP. Of an apply the message says what was
    applied and what was not."""

    exit_code = 128 + signal.SIGINT

    def __init__(self, message: str, *, by: KeyboardInterrupt, detail: str | None = None, hint: str | None = None):
        super().__init__(message, detail=detail, hint=hint)
        self.exit_code = 128 + signal_of(by)


class Signalled(KeyboardInterrupt):
    """A signal that ends the work as Ctrl-C does."""

    def __init__(self, number: int):
        super().__init__()
        self.number = number


def signal_of(interrupt: KeyboardInterrupt) -> int:
    """The number of the signal that interrupts."""
    return interrupt.number if isinstance(interrupt, Signalled) else int(signal.SIGINT)


class Bug(DbsyncError):
    """dbsync contradicts itself."""

    exit_code = 70
