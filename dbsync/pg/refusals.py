"""Why a connection could not be made, and what mends it."""

from dbsync.errors import ConnectionFailed
from dbsync.pg.target import Target

# libpq gives no SQLSTATE for a failed connection, only text: the first fragment that it holds decides.
_HINTS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        ("could not translate host name", "failed to resolve host", "Name or service not known"),
        "check the host's spelling and that this machine can resolve it",
    ),
    (
        ("password authentication failed", "no password supplied", "authentication failed for user"),
        "check the user and the password (in the URL, PGPASSWORD or ~/.pgpass)",
    ),
    (
        ("no pg_hba.conf entry", "pg_hba.conf rejects"),
        "the server lets nobody in this way: try sslmode=require, or ask its administrator for a line in pg_hba.conf",
    ),
    (("database", "does not exist"), "create it first with createdb, or check its name in the URL"),
    (("role", "does not exist"), "check the user's name, or have the role made with createuser"),
    (("is not permitted to log in",), "the role needs LOGIN: ALTER ROLE ... LOGIN"),
    (("CONNECT privilege",), "have the database's owner GRANT CONNECT ON DATABASE to this role"),
    (
        ("too many clients", "too many connections", "remaining connection slots"),
        "close idle connections, or raise the limit on the server, then run again",
    ),
    (
        ("certificate", "does not match host name", "root.crt", "sslrootcert"),
        "the server's certificate could not be verified: give sslrootcert, or check the host's name",
    ),
    (("does not support SSL",), "the server offers no TLS: use sslmode=disable only on a network that you trust"),
    (("SSL", "TLS"), "the TLS handshake failed: check sslmode, sslrootcert, sslcert and sslkey"),
    (("starting up", "shutting down", "recovery mode"), "the server is not ready: run again in a moment"),
    (("Connection refused",), "is PostgreSQL running there, and does it listen on that port?"),
    (("No such file or directory",), "no server listens on that socket: is PostgreSQL running, and on this port?"),
    (("timeout", "timed out"), "the server did not answer: check host, port, firewall and VPN"),
    (("unreachable", "No route to host"), "this machine has no way to that host: check the network and the VPN"),
    (("definition of service", "service file"), "check PGSERVICE and pg_service.conf"),
    (("read-only", "read-write", "hot standby", "in recovery"), "connect to the primary server"),
)


def refusal(target: Target, text: str, *, needs_password: bool = False) -> ConnectionFailed:
    """The error for libpq's text, with no secret in it."""
    hint = "check the URL and that the server can be reached from here"
    if needs_password:
        hint = "give a password: in the URL, PGPASSWORD or ~/.pgpass"
    else:
        hint = next((hint for fragments, hint in _HINTS if _speaks(fragments, text)), hint)
    return ConnectionFailed(
        f"Cannot connect to {target.label}", detail=target.mask(text.strip()).replace("\0", ""), hint=hint
    )


def _speaks(fragments: tuple[str, ...], text: str) -> bool:
    if fragments[-1] == "does not exist":
        return fragments[0] in text and fragments[1] in text
    return any(fragment in text for fragment in fragments)
