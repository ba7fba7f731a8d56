"""Takes passwords out of SQL that is shown or kept.

Secrets stand in connection strings (CREATE SUBSCRIPTION … CONNECTION '…'), in the options of servers and user mappings
(OPTIONS (password '…')) and behind PASSWORD. The tokens are PostgreSQL's own.
"""

import itertools

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dbsync.model.text import Script

HIDDEN = "***"

_SECRET = ("password", "passwd", "passphrase", "secret", "token", "credential", "api_key", "sslkey")
_PARAMETERS = ("password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key")
# Most statements hold none of these words, and need no closer look.
_SUSPECT = (*_SECRET, "connection")


def masked(text: str) -> str:
    """The statement without the secrets in it; itself where it holds none."""
    lower = text.lower()
    if not any(word in lower for word in _SUSPECT):
        return text
    # Not at the top: the parser takes a tenth of a second, and most statements need none.
    import postgast
    from postgast import pg_query_pb2 as pb

    comments = (pb.SQL_COMMENT, pb.C_COMMENT)
    try:
        tokens = [token for token in postgast.scan(text).tokens if token.token not in comments]
    except postgast.PgQueryError:
        return text
    raw = text.encode()
    parts, position = [], 0
    for before, token in itertools.pairwise(tokens):
        if token.token != pb.SCONST:
            continue
        name = raw[before.start : before.end].decode().strip('"').lower()
        value = raw[token.start : token.end].decode()
        other = value
        if any(word in name for word in _SECRET):
            other = f"'{HIDDEN}'"
        elif name == "connection":
            other = _connection(value)
        if other != value:
            parts += [raw[position : token.start].decode(), other]
            position = token.end
    return "".join(parts) + raw[position:].decode()


def without_values(text: str) -> str:
    """The statement without secrets, and one that changes rows without the constants in it."""
    import postgast
    from postgast import pg_query_pb2 as pb

    try:
        if postgast.scan(text).tokens[0].token in (pb.INSERT, pb.UPDATE, pb.DELETE_P, pb.MERGE, pb.WITH, pb.VALUES):
            return str(postgast.normalize(text))
    except (postgast.PgQueryError, IndexError):
        pass
    return masked(text)


def masked_script(script: Script) -> str:
    """The text of a script's files, one after the other, without the secrets in their statements."""
    text = "\n".join(text for _, text in script.files)
    for statement in script.statements:
        if (shown := masked(statement.sql)) != statement.sql:
            text = text.replace(statement.sql, shown)
    return text


def _connection(literal: str) -> str:
    """A connection string's literal, without its password."""
    if literal[:1] != "'":
        return f"'{HIDDEN}'"
    try:
        parameters = conninfo_to_dict(literal[1:-1].replace("''", "'"))
    except psycopg.ProgrammingError:
        return f"'{HIDDEN}'"
    if not any(parameters.get(key) for key in _PARAMETERS):
        return literal
    hidden = {key: HIDDEN if key in _PARAMETERS else value for key, value in parameters.items()}
    return "'" + make_conninfo("", **hidden).replace("'", "''") + "'"
