"""The settings of the tests' role, which hold in all databases of the server: those of a test end with it."""

from typing import Any

import psycopg

from dbsync import sql

Admin = psycopg.Connection[Any]

_SETTINGS = """
    select pg_catalog.split_part(one, '=', 1), pg_catalog.substr(one, pg_catalog.strpos(one, '=') + 1)
    from pg_catalog.pg_db_role_setting s join pg_catalog.pg_roles r on r.oid = s.setrole,
         pg_catalog.unnest(s.setconfig) one
    where s.setdatabase = 0 and r.rolname = %s
"""


def role_settings(admin: Admin, role: str) -> dict[str, str]:
    """What ALTER ROLE … SET has set for the role."""
    return dict(admin.execute(_SETTINGS, [role]).fetchall())


def put_back(admin: Admin, role: str, before: dict[str, str]) -> None:
    """Give the role the settings that it had before; those that are as they were are not touched."""
    now = role_settings(admin, role)
    if now == before:
        return
    altered = f"ALTER ROLE {sql.name(role)}"
    with admin.transaction():
        for name in now.keys() - before.keys():
            admin.execute(f"{altered} RESET {_written(name)}".encode())
        for name, value in before.items():
            if now.get(name) != value:
                # A list is written in another way than a text; what is current needs no writing.
                admin.execute("select pg_catalog.set_config(%s, %s, true)", [name, value])
                admin.execute(f"{altered} SET {_written(name)} FROM CURRENT".encode())


def _written(name: str) -> str:
    return ".".join(map(sql.name, name.split(".")))
