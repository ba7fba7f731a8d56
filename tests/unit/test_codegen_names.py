import pytest

from dbsync.codegen.names import Classes, camel, constant, distinct, field


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("app_instances", "AppInstances"),
        ("appInstances", "AppInstances"),
        ("HTTPLog", "HttpLog"),
        ("Hard names", "HardNames"),
        ("2fa", "N2fa"),
        ("größe", "Größe"),
        ("-", "N"),
    ],
)
def test_classes(text: str, name: str) -> None:
    assert camel(text) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("price_cents", "price_cents"),
        ("createdAt", "created_at"),
        ("class", "class_"),
        ("float8", "float8"),
        ("a__b", "a__b"),
        ("_private", "private"),
        ("1st", "n_1st"),
        ("str", "str_"),
        ("?", "n"),
    ],
)
def test_fields(text: str, name: str) -> None:
    assert field(text) == name


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("PENDING", "PENDING"),
        ("so so", "SO_SO"),
        ("", "EMPTY"),
        ("!", "OTHER"),
        ("1st", "N_1ST"),
        ("inProgress", "IN_PROGRESS"),
    ],
)
def test_members(label: str, name: str) -> None:
    assert constant(label) == name


def test_twice() -> None:
    assert distinct(["a", "b", "a", "class_", "class_"]) == ["a", "b", "a_2", "class_", "class_2"]


def test_the_usual_spelling_has_the_better_claim() -> None:
    classes = Classes([("public", "Plans"), ("public", "plans"), ("shop", "plans")], ["Json"])
    assert classes["public", "plans"] == "Plans"
    assert classes["public", "Plans"] == "Plans2"
    assert classes["shop", "plans"] == "ShopPlans"
    assert classes.more(("public", "plans"), "Insert") == "PlansInsert"
