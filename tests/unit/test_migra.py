"""How migra is imported."""

import inspect
import subprocess
import sys

import pytest

from dbsync.authors.migra import _plain_stack

IMPORT = """
import inspect, sys
from dbsync.authors import migra

def connect():
    raise OSError

searched = []
getframeinfo = inspect.getframeinfo
inspect.getframeinfo = lambda *given: searched.append(given) or getframeinfo(*given)
try:
    migra.write(connect, connect)
except migra.MigraFailedError:
    print("schemainspect.pg.obj" in sys.modules, len(searched))
"""


def test_no_frame_is_looked_into_while_migra_is_imported() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True)
    assert done.stdout == "True 0\n"


def test_the_stack_is_the_same_without_its_sources() -> None:
    with _plain_stack():
        plain = inspect.stack()
    assert [(one.frame, one.function) for one in plain] == [(one.frame, one.function) for one in inspect.stack()]
    assert {one.code_context for one in plain} == {None}


def test_the_whole_stack_is_back_after_an_error() -> None:
    whole = inspect.stack
    with pytest.raises(ImportError), _plain_stack():
        raise ImportError
    assert inspect.stack is whole
