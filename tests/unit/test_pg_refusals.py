"""A connection that fails says what mends it."""

import pytest

from dbsync.pg.refusals import refusal
from dbsync.pg.target import Target

TARGET = Target({"host": "h", "user": "app", "dbname": "shop", "password": "sesame"})


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('connection to server at "h" failed: Connection refused', "is PostgreSQL running"),
        ("failed to resolve host 'h': Name or service not known", "spelling"),
        ('FATAL:  password authentication failed for user "app"', "password"),
        ('FATAL:  database "shop" does not exist', "createdb"),
        ('FATAL:  role "app" does not exist', "createuser"),
        ("FATAL:  sorry, too many clients already", "idle connections"),
        ("FATAL:  no pg_hba.conf entry for host, no encryption", "sslmode=require"),
        ("server does not support SSL, but SSL was required", "no TLS"),
        ("SSL error: certificate verify failed", "sslrootcert"),
        ("connection timeout expired", "firewall"),
        ("FATAL:  the database system is starting up", "in a moment"),
        ("session is read-only", "primary"),
        ("something never seen", "check the URL"),
    ],
)
def test_hint(text: str, hint: str) -> None:
    error = refusal(TARGET, text)
    assert error.hint is not None
    assert hint in error.hint
    assert error.message == "Cannot connect to database shop on h:5432 as app"


def test_a_missing_password_is_asked_for() -> None:
    assert "PGPASSWORD" in str(refusal(TARGET, "fe_sendauth: ...", needs_password=True))


def test_the_password_is_masked() -> None:
    assert "sesame" not in str(refusal(TARGET, "host sesame not found"))
