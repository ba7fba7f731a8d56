"""Live's roles, as statements for a scratch server."""

from dbsync.pg.server import Membership, Role
from dbsync.scratch.needs import Needs
from dbsync.scratch.roles import joining, parting, statements

NONE: frozenset[str] = frozenset()


def test_no_role_may_more_than_an_ordinary_one_and_each_may_log_in() -> None:
    needs = Needs(major=18, session_role="app", roles=(Role(name="app"), Role(name="boss", superuser=True)))
    assert list(statements(needs, 180000, NONE)) == [
        "CREATE ROLE app LOGIN NOSUPERUSER INHERIT NOCREATEROLE NOBYPASSRLS",
        "CREATE ROLE boss LOGIN NOSUPERUSER INHERIT NOCREATEROLE NOBYPASSRLS",
    ]


def test_predefined_roles_are_there_already_but_can_be_granted() -> None:
    roles = (Role(name="app"), Role(name="pg_monitor"))
    member = Membership(role="pg_monitor", member="app", admin=False, inherit=True, set=False)
    inner = Membership(role="pg_read_all_stats", member="pg_monitor", inherit=True, set=True)
    needs = Needs(major=18, session_role="app", roles=roles, memberships=(member, inner))
    made = list(statements(needs, 180000, frozenset({"pg_monitor", "pg_read_all_stats"})))
    assert made[1:] == ["GRANT pg_monitor TO app WITH ADMIN FALSE, INHERIT TRUE, SET FALSE"]


def test_nobody_gets_what_reaches_out_of_a_database() -> None:
    names = ("pg_execute_server_program", "pg_read_server_files", "pg_write_server_files", "pg_signal_backend")
    needs = Needs(
        major=18,
        session_role="app",
        roles=(Role(name="app", createrole=True, createdb=True, replication=True), Role(name="group_of_all")),
        memberships=(
            *(Membership(role=name, member="group_of_all") for name in names),
            Membership(role="group_of_all", member="app"),
        ),
    )
    made = list(statements(needs, 180000, frozenset(names)))
    assert made == [
        "CREATE ROLE app LOGIN NOSUPERUSER INHERIT CREATEROLE NOBYPASSRLS",
        "CREATE ROLE group_of_all LOGIN NOSUPERUSER INHERIT NOCREATEROLE NOBYPASSRLS",
        "GRANT group_of_all TO app WITH ADMIN FALSE",
    ]


def test_who_joins_all_others_is_what_it_was_when_it_parts() -> None:
    needs = Needs(
        major=15,
        session_role="app",
        roles=(Role(name="app"), Role(name="a"), Role(name="b")),
        memberships=(Membership(role="app", member="a"), Membership(role="b", member="app", admin=True)),
    )
    assert list(joining(needs, 150000)) == ["REVOKE app FROM a", "GRANT a, b TO app"]
    assert list(parting(needs, 150000)) == [
        "REVOKE a, b FROM app",
        "GRANT app TO a",
        "GRANT b TO app WITH ADMIN OPTION",
    ]


def test_before_16_a_membership_has_one_option() -> None:
    needs = Needs(
        major=15,
        session_role="a",
        roles=(Role(name="a"), Role(name="b")),
        memberships=(Membership(role="b", member="a", admin=True),),
    )
    assert list(statements(needs, 150000, NONE))[-1] == "GRANT b TO a WITH ADMIN OPTION"


def test_a_superuser_becomes_a_member_of_every_role_that_is_not_a_member_of_it() -> None:
    needs = Needs(
        major=18,
        session_role="root",
        roles=(Role(name="root", superuser=True), Role(name="a"), Role(name="b"), Role(name="c")),
        memberships=(Membership(role="root", member="a"), Membership(role="a", member="b")),
    )
    made = list(statements(needs, 180000, NONE))
    assert "CREATE ROLE root LOGIN NOSUPERUSER INHERIT CREATEROLE BYPASSRLS" in made
    assert [text for text in made if text.endswith("TO root WITH ADMIN OPTION")] == [
        "GRANT c TO root WITH ADMIN OPTION"
    ]


def test_a_session_role_that_live_did_not_tell_of_is_made() -> None:
    (made,) = statements(Needs(major=18, session_role="My App"), 180000, NONE)
    assert made.startswith('CREATE ROLE "My App" LOGIN')
