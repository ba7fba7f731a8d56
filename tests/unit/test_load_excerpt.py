"""Excerpts of texts around a place."""

from dbsync.load.excerpt import excerpt
from dbsync.model.text import Place
from dbsync.visible import visible


def test_line_number_and_caret() -> None:
    assert excerpt("a\n  name txt\n", Place("schema.sql", 2, 8), 3) == (
        "  --> schema.sql:2:8\n   |\n 2 |   name txt\n   |        ^^^"
    )


def test_tabs_and_wide_characters_keep_the_caret_in_place() -> None:
    last = excerpt("\t'数' x", Place("s.sql", 1, 6)).split("\n")
    assert last[2] == " 1 |     '数' x"
    assert last[3] == "   | " + " " * 9 + "^"


def test_long_lines_are_cut_around_the_caret() -> None:
    lines = excerpt("a" * 500 + "X" + "b" * 500, Place("s.sql", 1, 501)).split("\n")
    assert len(lines[2]) < 120
    assert lines[2].count("…") == 2
    assert lines[2][lines[3].index("^")] == "X"


def test_the_caret_may_stand_past_the_end() -> None:
    assert excerpt("abc", Place("s.sql", 1, 4)).endswith("   |    ^")
    assert excerpt("", Place("s.sql", 7, 1)).endswith(" | ^")


def test_nothing_commands_the_terminal() -> None:
    assert visible("\x1b[31m\x7f\x9b\u202e") == r"\x1b[31m\x7f\x9b\u202e"
    shown = excerpt("a\x1b[31mb\r\n", Place("evil\x1b.sql", 1, 1))
    assert "\x1b" not in shown
    assert "\r" not in shown
