"""The tests of dbsync; the servers and databases that they run on are fixtures of `tests.plugins`."""
