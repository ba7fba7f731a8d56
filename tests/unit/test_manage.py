"""What is managed, and what is left as live has it."""

import dataclasses
from collections.abc import Iterator, Sequence

import pytest

from dbsync.compare import compare
from dbsync.errors import UsageError
from dbsync.kinds.default_privilege import DefaultPrivilege
from dbsync.kinds.extension import Extension
from dbsync.kinds.owner import Owner
from dbsync.kinds.privilege import OWNER, Privilege
from dbsync.kinds.schema import Schema
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object
from dbsync.model.steps import Step
from dbsync.model.text import Place, Script, Statement
from dbsync.planning.manage import Managed, declared, goal, kept, settled

S, T = Schema(path=("s",)), Schema(path=("t",))
NOTHING = Managed()


def catalog(*things: Object) -> Catalog:
    objects = {thing.id: thing for thing in things}
    needs = {thing.id: frozenset(need for need in thing.needs() if need in objects) for thing in things}
    return Catalog(objects=objects, needs=needs)


def owner(target: Object, role: str) -> Owner:
    return Owner(path=(target.kind, *target.path), target=target.id, owner=role)


def may(target: Object, grantee: str, *privileges: str, of: str = "live") -> Privilege:
    return Privilege(
        path=(target.kind, *target.path, grantee),
        target=target.id,
        privileges=privileges,
        built_in=(),
        every=("USAGE", "CREATE"),
        owner=of,
    )


def extension(name: str, version: str = "1.0", namespace: str = "s") -> Extension:
    return Extension(
        path=(name,), version=version, namespace=namespace, relocatable=True, default_version="1.0", has_tables=False
    )


def script(*texts: tuple[str, str]) -> Script:
    place = Place("schema.sql", 1)
    return Script(tuple(Statement(sql=text, place=place, node=node) for node, text in texts), ())


def test_what_is_left_alone_is_live_s_own_and_nothing_for_new_objects() -> None:
    current = catalog(S, owner(S, "live"), may(S, "anna", "USAGE"))
    desired = catalog(S, owner(S, "file"), T, owner(T, "file"), may(T, "anna", "USAGE"), may(S, "rolf", "USAGE"))
    wanted = goal(current, desired, NOTHING)
    assert set(wanted.objects.values()) == {S, T, owner(S, "live"), may(S, "anna", "USAGE")}
    assert set(wanted.needs) == set(wanted.objects)


def test_privileges_go_with_what_they_are_on() -> None:
    current = catalog(S, owner(S, "live"), may(S, "anna", "USAGE"))
    assert not goal(current, catalog(), NOTHING).objects


def test_what_is_managed_is_the_file_s() -> None:
    current = catalog(S, owner(S, "live"), may(S, "anna", "USAGE"))
    desired = catalog(S, owner(S, "file"), may(S, "rolf", "USAGE"))
    assert goal(current, desired, Managed(privileges=True, owners=True)).objects == desired.objects


def test_owners_that_the_file_does_not_name_are_left_alone() -> None:
    current = catalog(S, owner(S, "live"), T, owner(T, "live"))
    desired = catalog(S, owner(S, "app"), T, owner(T, "loader"))
    wanted = goal(current, desired, Managed(owners=True, roles=frozenset({"app"})))
    assert set(wanted.objects.values()) == {S, T, owner(S, "app"), owner(T, "live")}


def test_what_an_owner_may_do_is_no_difference_where_owners_are_not_managed() -> None:
    current = catalog(S, owner(S, "app"), may(S, "loader", "USAGE"), may(S, "anna", "USAGE"))
    desired = catalog(S, owner(S, "loader"), may(S, "app", "USAGE"), may(S, OWNER, "USAGE", of="loader"))
    wanted = goal(current, desired, Managed(privileges=True))
    privileges = {thing for thing in wanted.objects.values() if isinstance(thing, Privilege)}
    assert {one.grantee for one in privileges} == {"loader", OWNER}
    assert {one.owner for one in privileges if one.grantee == OWNER} == {"app"}


def test_default_privileges_are_privileges() -> None:
    default = DefaultPrivilege(path=("r", "s", "TABLES", ""), privileges=("SELECT",), built_in=(), every=())
    current = catalog(S, default)
    assert goal(current, catalog(S), NOTHING).objects == current.objects
    assert goal(current, catalog(S), Managed(privileges=True)).objects == {S.id: S}
    assert goal(current, catalog(), NOTHING).objects == {}


def test_extensions_that_the_file_does_not_name_stay_with_their_schema() -> None:
    class Needy(Extension):
        def needs(self) -> Iterator[Id]:
            yield Id("schema", (self.namespace,))

        def create(self, clauses: Sequence[str] = ()) -> Iterator[Step]:
            yield from ()

    one = Needy(**{f.name: getattr(extension("e"), f.name) for f in dataclasses.fields(Extension)})
    current = catalog(S, owner(S, "live"), may(S, "anna", "USAGE"), one)
    wanted = goal(current, catalog(T), NOTHING)
    assert set(wanted.objects) == {T.id, S.id, one.id, owner(S, "live").id, may(S, "anna").id}
    assert wanted.needs[one.id] == {S.id}
    assert kept(wanted, catalog(T)) == (one.id, S.id)
    assert goal(current, catalog(T), Managed(extensions=True)).objects == {T.id: T}


def test_versions_of_extensions_are_live_s_unless_managed() -> None:
    current, desired = catalog(S, extension("e", "1.0")), catalog(S, extension("e", "2.0", "t"))
    assert goal(current, desired, NOTHING).objects[Id("extension", ("e",))] == extension("e", "1.0", "t")
    assert goal(current, desired, Managed(extensions=True)).objects == desired.objects


def test_what_new_objects_have_by_themselves_is_settled() -> None:
    current, desired = catalog(S, owner(S, "live")), catalog(S, owner(S, "file"), T, owner(T, "file"))
    replayed = catalog(S, owner(S, "live"), T, owner(T, "live"), may(T, "anna", "USAGE"))
    wanted = goal(current, desired, NOTHING)
    assert compare(settled(replayed, current, wanted, NOTHING), wanted) == ()
    granting = Managed(privileges=True)
    (left,) = compare(settled(replayed, current, wanted, granting), wanted)
    assert left.before == may(T, "anna", "USAGE")


@pytest.mark.parametrize(
    ("node", "text", "expected"),
    [
        ("CreateStmt", "create table owner (owner int)", Managed(roles=frozenset())),
        ("GrantStmt", "grant select on t to r", Managed(privileges=True, roles=frozenset())),
        ("AlterDefaultPrivilegesStmt", "alter default privileges grant select on tables to r",
         Managed(privileges=True, roles=frozenset())),
        ("AlterTableStmt", "alter table t add owner int", Managed(roles=frozenset())),
        ("AlterTableStmt", "alter table t owner to r", Managed(owners=True, roles=frozenset({"r"}))),
        ("AlterTableStmt", "alter table t owner to current_user", Managed(owners=True)),
        ("AlterOwnerStmt", "alter type t owner to r", Managed(owners=True, roles=frozenset({"r"}))),
        ("ReassignOwnedStmt", "reassign owned by a to b", Managed(owners=True, roles=frozenset({"b"}))),
        ("CreateSchemaStmt", "create schema s", Managed(roles=frozenset())),
        ("CreateSchemaStmt", "create schema s authorization r", Managed(owners=True, roles=frozenset({"r"}))),
        ("CreateSchemaStmt", "create schema s create table t (a int) grant select on t to r",
         Managed(privileges=True, roles=frozenset())),
    ],
)  # fmt: skip
def test_what_a_file_speaks_of(node: str, text: str, expected: Managed) -> None:
    assert declared(script((node, text))) == expected


def test_settings() -> None:
    nothing_said = script(("GrantStmt", "grant select on t to r"))
    assert declared(nothing_said, "none") == NOTHING
    assert declared(nothing_said, "owners, extensions") == Managed(owners=True, extensions=True)
    with pytest.raises(UsageError, match="tables"):
        declared(nothing_said, "owners,tables")
