"""The manners in which something differs: the sign that stands before it, and what is to be done."""

SIGNS = {"added": "+", "changed": "~", "removed": "-", "renamed": "~"}
VERBS = {"added": "to add", "changed": "to change", "removed": "to remove", "renamed": "to rename"}


def of_sign(line: str) -> str:
    """The manner whose sign a line begins with; empty where it begins with none."""
    return next((manner for manner, sign in SIGNS.items() if line.lstrip().startswith(sign)), "")
