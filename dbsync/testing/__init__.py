"""What a project's tests get from dbsync: the pytest plugin, whose fixtures give each test a database of its own.

Nothing here is imported before a test asks for one; this module and the plugin know no more than what they declare.
"""

from dbsync.testing.record import OwnDatabase

__all__ = ["OwnDatabase"]
