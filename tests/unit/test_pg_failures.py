"""Errors of psycopg as records."""

import psycopg

from dbsync.pg.failures import Failure


def test_an_error_that_no_server_sent_has_its_text() -> None:
    failure = Failure.of(psycopg.OperationalError("server closed the connection unexpectedly\n"))
    assert failure.message == "server closed the connection unexpectedly"
    assert failure.lost


def test_text_lists_what_is_known() -> None:
    failure = Failure(message="no", detail="why", hint="how", sqlstate="42601")
    assert str(failure) == "no\ndetail: why\nhint: how"
    assert not failure.lost
