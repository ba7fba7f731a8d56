"""Which PostgreSQL versions dbsync knows."""

from dbsync.errors import ConnectionFailed

OLDEST = 15
NEWEST = 18


def major(server_version: int) -> int:
    """The major version of a server_version_num: 18 of 180006."""
    return server_version // 10000


def written(server_version: int) -> str:
    """The version as people write it: 18.6."""
    return f"{server_version // 10000}.{server_version % 10000}"


def check(server_version: int, where: str = "The server") -> None:
    """Refuses what is older than OLDEST."""
    if major(server_version) < OLDEST:
        raise ConnectionFailed(
            f"{where} runs PostgreSQL {written(server_version)}; dbsync needs {OLDEST} or newer",
            hint=f"upgrade the server to PostgreSQL {OLDEST} to {NEWEST}",
        )


def note(server_version: int) -> str | None:
    """What to tell about a version newer than those that dbsync is tested with."""
    if major(server_version) <= NEWEST:
        return None
    return f"PostgreSQL {written(server_version)} is newer than {NEWEST}, the newest that dbsync is tested with"
