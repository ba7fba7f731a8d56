"""Ctrl-C and a hang-up end what a test starts, also where the tests run in a shell's background or under nohup.

There both are ignored, and what is ignored stays so in every process that is started.
"""

import signal


def pytest_configure() -> None:
    """Answer them as in a terminal; in every process of pytest-xdist too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
