"""The way in and the only way out: runs a command, prints its error and gives the exit code."""

import contextlib
import gc
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType, TracebackType
from typing import NoReturn

import click

from dbsync.cli.commands import dbsync as group
from dbsync.cli.streams import standing
from dbsync.errors import Bug, DbsyncError, Signalled, SystemFailed, signal_of

_BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; the exit code."""
    # A command makes many objects, little garbage, and ends soon: looking for it often takes a tenth of the time.
    gc.set_threshold(100_000)
    if "_DBSYNC_COMPLETE" in os.environ:
        group.main(prog_name="dbsync")
    with standing():
        try:
            with _terminable():
                return _run(sys.argv[1:] if arguments is None else list(arguments))
        except BrokenPipeError:
            return _BROKEN_PIPE
        except KeyboardInterrupt as interrupt:
            say_error("interrupted")
            return 128 + signal_of(interrupt)


def _run(arguments: list[str]) -> int:
    try:
        with group.make_context("dbsync", arguments) as context:
            code = group.invoke(context) or 0
        sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        context_of = getattr(error, "ctx", None)
        say_error(error.format_message(), hint=f"{context_of.command_path} --help" if context_of else None)
        return error.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    except Bug as error:
        return _bug(error)
    except DbsyncError as error:
        say_error(error.message, excerpt=error.excerpt, detail=error.detail, hint=error.hint)
        return _debug(error.exit_code)
    except BrokenPipeError:
        raise
    except OSError as error:
        failed = SystemFailed.of(error)
        say_error(failed.message, detail=f"in {_place(error.__traceback__)}", hint=failed.hint)
        return _debug(failed.exit_code)
    except Exception as error:  # noqa: BLE001 - nothing may reach the user as a traceback
        if interrupt := _interrupt(error):
            raise interrupt from None
        return _lost(error) or _bug(error)
    return code


def _interrupt(error: BaseException) -> KeyboardInterrupt | None:
    """The Ctrl-C that is behind it: Python before 3.12 wraps one that comes while a class is made."""
    if isinstance(error, KeyboardInterrupt):
        return error
    cause = error.__cause__ if error.__cause__ is not None else error.__context__
    return None if cause is None else _interrupt(cause)


def _lost(error: Exception) -> int | None:
    """The exit code for a connection that broke where nobody had a better word for it."""
    psycopg = sys.modules.get("psycopg")
    if psycopg and isinstance(error, psycopg.OperationalError):
        say_error(f"the database ended the work: {str(error).strip()}", hint="see that it runs, and try again")
        return _debug(4)
    return None


def _bug(error: Exception) -> int:
    words = str(error).strip()
    say_error(
        f"this is a bug in dbsync: {type(error).__name__}{': ' if words else ''}{words}",
        detail=f"in {_place(error.__traceback__)}",
        hint="please report it with this message; DBSYNC_DEBUG=1 shows more",
    )
    return _debug(Bug.exit_code)


def say_error(message: str, **more: str | None) -> None:
    """Write an error; what it is written with is imported for it."""
    from dbsync.cli import screen

    screen.say_error(message, **more)


def _place(trace: TracebackType | None) -> str:
    """The innermost place in dbsync's own code."""
    import traceback

    home = Path(__file__).parent.parent
    place = "an unknown place"
    for frame, line in traceback.walk_tb(trace):
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(home):
            place = f"{path.relative_to(home.parent)}:{line}, {frame.f_code.co_name}"
    return place


def _debug(code: int) -> int:
    if os.environ.get("DBSYNC_DEBUG", "0") not in ("", "0"):
        import traceback

        traceback.print_exc()
    return code


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the work as Ctrl-C does, so that nothing is left behind."""

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        raise Signalled(number)

    before = {}
    with contextlib.suppress(ValueError):  # in another thread than the main one
        for number in (signal.SIGTERM, signal.SIGHUP):
            before[number] = signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
