"""How migra is imported."""

import inspect

import pytest

from dbsync.authors.migra import _plain_stack


def test_the_stack_is_the_same_without_its_sources() -> None:
    whole = inspect.stack
    with _plain_stack():
        plain = inspect.stack()
    assert [(one.frame, one.function) for one in plain] == [(one.frame, one.function) for one in inspect.stack()]
    assert {one.code_context for one in plain} == {None}
    assert inspect.stack is whole


def test_the_whole_stack_is_back_after_an_error() -> None:
    whole = inspect.stack
    with pytest.raises(ImportError), _plain_stack():
        raise ImportError
    assert inspect.stack is whole
