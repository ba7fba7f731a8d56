"""What live gives to new objects by itself: the file need not say it, and what is given beyond the file is told."""

import pytest

from tests.plugins.project import Project

FUNCTION = "create function f() returns integer language sql as 'select 1';"
NEW = f"create table n (id serial primary key, b integer generated always as identity); {FUNCTION}"
NEW_VIEW = "create view v as select a from old; create type e as enum ('x'); create schema s; create sequence q;"

LIVE = "create table old (a integer); grant select on old to dbsync_writer;"
DEFAULTS = (
    "alter default privileges grant select on tables to dbsync_reader;"
    "alter default privileges grant usage on sequences to dbsync_reader with grant option;"
    "alter default privileges revoke execute on functions from public;"
    "alter default privileges revoke usage on types from public;"
    "alter default privileges grant create on schemas to dbsync_writer;"
)
SECURING = """
create function secure() returns event_trigger language plpgsql as $$
declare made record;
begin
    for made in select * from pg_event_trigger_ddl_commands() where object_type = 'table' loop
        execute format('alter table %s enable row level security, force row level security', made.object_identity);
    end loop;
end $$;
"""
TRIGGER = "create event trigger secure on ddl_command_end when tag in ('CREATE TABLE') execute function secure();"


_ACLS = """
    select name, array_to_string(array(select a::text from unnest(acl) a order by 1), ' ')
    from (
        select relname::text,
               coalesce(relacl, acldefault(case relkind when 'S' then 's' else 'r' end::"char", relowner))
        from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'v', 'S')
        union all
        select proname || '()', coalesce(proacl, acldefault('f', proowner))
        from pg_proc where pronamespace = 'public'::regnamespace
        union all
        select 'type ' || typname, coalesce(typacl, acldefault('T', typowner)) from pg_type where typname = 'e'
        union all
        select 'schema ' || nspname, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace where nspname = 's'
    ) x (name, acl)
"""


def acls(project: Project) -> dict[str, str]:
    """The privileges of everything, as PostgreSQL has them, in order."""
    return dict(project.rows(_ACLS))


def secured(project: Project) -> list[str]:
    query = "select relname::text from pg_class where relrowsecurity and relnamespace = 2200 order by 1"
    return [name for (name,) in project.rows(query)]


def made_by_hand(project: Project, text: str) -> dict[str, str]:
    """What live has after these statements, which are taken back."""
    project.run(f"begin; {text}")
    found = acls(project)
    project.run("rollback")
    return found


def test_new_objects_above_the_end_of_a_dump_get_what_live_gives(project: Project) -> None:
    project.run(f"{LIVE} {SECURING} {DEFAULTS} {TRIGGER}")
    expected = made_by_hand(project, f"{NEW} {NEW_VIEW}")
    project.write(schema=f"{LIVE} {SECURING} {NEW} {NEW_VIEW} {DEFAULTS} {TRIGGER}")
    plan = project.settled()
    assert acls(project) == expected
    assert secured(project) == ["n"]
    texts = " ".join(one.step.sql for one in plan.steps)
    assert "TO PUBLIC" not in texts
    assert "DISABLE" not in texts
    assert [note for note in plan.notes if note.startswith("ACCESS")] == []
    assert [note for note in plan.notes if "row security is on for the new table public.n" in note]


def test_what_live_gives_beyond_the_file_is_told(project: Project) -> None:
    project.run(f"{LIVE} {DEFAULTS}")
    expected = made_by_hand(project, NEW)
    project.write(schema=f"{LIVE} {NEW}")
    plan = project.plan()
    told = [note for note in plan.notes if note.startswith("ACCESS")]
    assert [note for note in told if "new table public.n" in note and "SELECT for dbsync_reader" in note]
    assert [note for note in told if "new sequence public.n_id_seq" in note and "USAGE for dbsync_reader" in note]
    project.apply()
    assert acls(project)["n"] == expected["n"]


def test_what_the_file_says_counts(project: Project) -> None:
    project.run(f"{LIVE} {SECURING} {DEFAULTS} {TRIGGER}")
    said = (
        "revoke all on n from dbsync_reader; grant insert on n to dbsync_writer;"
        "grant execute on function f() to public; alter table n disable row level security;"
    )
    project.write(schema=f"{LIVE} {SECURING} {NEW} {said} {DEFAULTS} {TRIGGER}")
    plan = project.settled()
    found = acls(project)
    assert "dbsync_reader" not in found["n"]
    assert "dbsync_writer=a" in found["n"]
    assert secured(project) == []
    assert [note for note in plan.notes if note.startswith("ACCESS: the file turns row security off")]


def test_a_grant_by_hand_on_what_the_file_is_silent_of_is_still_a_difference(project: Project) -> None:
    silent = "create table silent (a integer);"
    project.run(f"{LIVE} {silent} {DEFAULTS} grant delete on silent to dbsync_reader")
    project.write(schema=f"{LIVE} {silent} {DEFAULTS}")
    plan = project.settled(author="dbsync")
    assert [one.step.sql for one in plan.steps] == ["REVOKE DELETE ON TABLE public.silent FROM dbsync_reader"]


def test_an_undo_goes_all_the_way_back(project: Project) -> None:
    gone = "create table gone (a integer);"
    project.run(f"{LIVE} {gone} {DEFAULTS}")
    before = acls(project)
    project.write(schema=f"{LIVE} {DEFAULTS}")
    project.apply()
    project.undo()
    assert acls(project) == before


@pytest.mark.parametrize("manage", ["none", "owners"])
def test_row_security_does_not_hang_on_who_manages_privileges(manage: str, project: Project) -> None:
    project.run(f"{LIVE} {SECURING} {DEFAULTS} {TRIGGER}")
    project.write(schema=f"{LIVE} {SECURING} {NEW} {TRIGGER}")
    project.apply(manage=manage)
    assert secured(project) == ["n"]
    assert project.plan(manage=manage).empty
