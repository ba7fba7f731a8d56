"""Starts programs inside a fence.

On Linux a fence belongs to a thread and to what that thread starts. So a thread of its own puts itself behind the
fence, starts the program and ends: nothing else in this process ever stands behind it.
"""

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from dbsync.errors import ScratchError
from dbsync.scratch.fence import kernel, landlock, machine, sandbox, seccomp
from dbsync.scratch.fence.record import Fence

_Result = TypeVar("_Result")
Command = Sequence[str | Path]


def start(command: Command, fence: Fence | None, **popen: Any) -> subprocess.Popen[bytes]:
    """The program behind the fence, as far as this machine has one; `popen` is what subprocess.Popen takes."""
    found = machine.means()
    if fence is None or not found.label:
        return subprocess.Popen(command, **popen)
    if sys.platform == "darwin":
        return subprocess.Popen(sandbox.wrapped(command, fence), **popen)
    with landlock.ruleset(fence, found.landlock) as ruleset:
        instructions = seccomp.program(fence.connects)

        def started() -> subprocess.Popen[bytes]:
            try:
                kernel.no_new_privileges()
                kernel.landlock_restrict_self(ruleset)
                kernel.seccomp_filter(instructions)
            except OSError as error:
                raise ScratchError(
                    "The scratch server could not be fenced in", detail=f"{error.filename}: {error.strerror}"
                ) from error
            return subprocess.Popen(command, **popen)

        return in_a_thread(started)


def run(
    command: Command, fence: Fence | None, data: bytes = b"", *, timeout: float | None = None, **popen: Any
) -> subprocess.CompletedProcess[bytes]:
    """The program behind the fence, run to its end with this input; subprocess.TimeoutExpired after so many seconds."""
    pipe = subprocess.PIPE
    with start(command, fence, stdin=pipe, stdout=pipe, stderr=pipe, **popen) as process:
        try:
            output, errors = process.communicate(data, timeout)
        except BaseException:
            process.kill()
            raise
    return subprocess.CompletedProcess(command, process.returncode, output, errors)


def in_a_thread(work: Callable[[], _Result]) -> _Result:
    """The result of this work, done by a thread of its own, which ends with it; its error is raised here."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def works() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001 - raised by whoever waits
            errors.append(error)

    thread = threading.Thread(target=works, name="dbsync-fence")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
