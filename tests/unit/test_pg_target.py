"""Targets say where a database is, and never how one gets in."""

import itertools
import os

import pytest

from dbsync.errors import UsageError
from dbsync.pg.connect import Target, connect

MALFORMED = [
    "postgresql://app:sesame@et@db.example.com/shop",
    "postgresql://app:ses/ame@db.example.com/shop",
    "postgresql://app:123/sesame@db.example.com/shop",
    "postgresql://app:ses%zzame@db.example.com/shop",
    "postgresql://app:sesame@[db.example.com/shop",
    "postgresql://app:p@sesame/x@db.example.com/shop",
    "postgresql://app@db.example.com/shop?passwort=sesame",
    "mysql://app:sesame@db.example.com/shop",
    "sesame",
    "postgresql://app:ses\0ame@db.example.com/shop",
    "host=db.example.com password=ses ame",
]


@pytest.mark.parametrize("url", MALFORMED)
def test_a_malformed_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        Target.parse(url, os.environ)
    text = str(caught.value)
    assert not any(piece in text for piece in ("sesame", "ses", "ame@", "et@"))
    assert "%40" in text
    assert caught.value.__cause__ is None


def test_label_of_other_addresses() -> None:
    assert "on [::1]:5433 as" in Target.parse("postgresql://app@[::1]:5433/shop", {}).label
    assert "on one:5432 or other:5433 as" in Target.parse("postgresql://app@one:5432,other:5433/shop", {}).label
    assert "on one:5434 or other:5434 as" in Target.parse("postgresql://app@one,other/shop?port=5434", {}).label


def test_label_and_repr_name_the_place_only() -> None:
    target = Target.parse("postgresql://app:sesame@db.example.com/optimizer", os.environ)
    assert target.label == "database optimizer on db.example.com:5432 as app"
    assert repr(target) == "<Target database optimizer on db.example.com:5432 as app>"
    assert "sesame" not in f"{target!r} {target} {target.arguments()}"


def test_the_environment_given_counts_where_it_differs_from_the_process() -> None:
    target = Target.parse(None, {"PGHOST": "/run/elsewhere", "PGDATABASE": "shop", "PGPASSWORD": "sesame"})
    assert target.parameters["host"] == "/run/elsewhere"
    assert target.parameters["dbname"] == "shop"
    assert "sesame" not in target.label
    assert Target.parse(None, os.environ).parameters == {}


def test_a_url_wins_over_the_environment() -> None:
    target = Target.parse("postgresql://u@h1/d1", {"PGHOST": "h2", "PGPORT": "6000"})
    assert (target.parameters["host"], target.parameters["port"]) == ("h1", "6000")


def test_mask_knows_the_password_in_both_spellings() -> None:
    target = Target.parse("postgresql://app:p%40ss%2Fword@h/d", os.environ)
    assert target.parameters["password"] == "p@ss/word"
    assert target.mask("p@ss/word and p%40ss%2Fword") == "*** and ***"


def test_conninfo_takes_overrides() -> None:
    target = Target.parse("postgresql://app@h/d", os.environ)
    assert "dbname=other" in target.conninfo(dbname="other")
    assert "dbname" not in target.conninfo(dbname=None)


def test_programs_get_the_password_by_their_environment() -> None:
    target = Target.parse("postgresql://app:sesame@h/d?keepalives=1", os.environ)
    assert target.environment()["PGPASSWORD"] == "sesame"
    assert target.arguments() == "keepalives=1"


def test_nul_in_a_parameter_is_refused() -> None:
    with pytest.raises(UsageError, match="NUL"):
        connect(Target({"host": "h", "dbname": "a\0b"}))


@pytest.mark.parametrize("pair", ["".join(pair) for pair in itertools.product("@:/?#%[] '\"\\&=1é", repeat=2)])
def test_no_error_and_no_label_holds_a_piece_of_a_password(pair: str) -> None:
    try:
        shown = repr(Target.parse(f"postgresql://user:QJX{pair}QJX@host/base", os.environ))
    except UsageError as error:
        shown = str(error)
    assert "QJX" not in shown
