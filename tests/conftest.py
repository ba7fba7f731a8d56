"""Names the plugins; fixtures are defined there."""

pytest_plugins = [
    "tests.plugins.signals",
    "tests.plugins.server",
    "tests.plugins.database",
    "tests.plugins.scratch",
    "tests.plugins.project",
    "tests.plugins.own_cache",
    "tests.plugins.own_server",
    "pytester",
]
