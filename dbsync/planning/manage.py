"""What dbsync manages: the desired catalog, adjusted so that what the file does not speak of is left alone."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

import postgast
from postgast import pg_query_pb2 as pb

from dbsync.errors import UsageError
from dbsync.kinds.default_privilege import DefaultPrivilege
from dbsync.kinds.extension import Extension
from dbsync.kinds.owner import Owner
from dbsync.kinds.privilege import OWNER, Privilege
from dbsync.load.roles import acts_as
from dbsync.model.catalog import Catalog
from dbsync.model.objects import Id, Object, Satellite
from dbsync.model.text import Script, Statement

_GRANTING = frozenset({"GrantStmt", "AlterDefaultPrivilegesStmt"})
_OWNING = frozenset({"AlterOwnerStmt", "AlterTableStmt", "CreateSchemaStmt", "ReassignOwnedStmt", "VariableSetStmt"})

T = TypeVar("T", bound=Object)
_KNOWN = ("privileges", "extensions", "owners")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Managed:
    """Which of the three are held exactly as the file has them.

    Owners that are none of `roles` were not named in the file, so they are left as live has them; None is any role.
    """

    privileges: bool = False
    extensions: bool = False
    owners: bool = False
    roles: frozenset[str] | None = None


def declared(script: Script, setting: str = "auto") -> Managed:
    """What `--manage` says: "auto" (what the file speaks of), "none", or a list such as "privileges,owners"."""
    if setting == "none":
        return Managed()
    if setting != "auto":
        words = {word.strip() for word in setting.split(",")}
        if strange := sorted(words.difference(_KNOWN)):
            hint = f"--manage takes auto, none, or some of {', '.join(_KNOWN)}"
            raise UsageError(f"there is no way to manage {strange[0]!r}", hint=hint)
        return Managed(privileges="privileges" in words, extensions="extensions" in words, owners="owners" in words)
    roles = {role for statement in script.statements for role in _owners(statement)}
    return Managed(
        privileges=any(_grants(statement) for statement in script.statements),
        owners=bool(roles),
        roles=None if None in roles else frozenset(role for role in roles if role is not None),
    )


def goal(current: Catalog, desired: Catalog, managed: Managed) -> Catalog:
    """What live shall be: the desired catalog, with current's own in place of what is not managed."""
    making = _Goal(current, desired)
    if not managed.extensions:
        making.keep_extensions()
    making.leave_owners(managed)
    if managed.privileges:
        making.look_past_owners()
    else:
        making.leave_privileges()
    return making.catalog()


def kept(wanted: Catalog, desired: Catalog) -> tuple[Id, ...]:
    """What of the goal live has and the file does not name: extensions, and the schemas that they stand in."""
    own = {one for one, thing in wanted.objects.items() if not isinstance(thing, Satellite | DefaultPrivilege)}
    return tuple(sorted(own - desired.objects.keys()))


def settled(replayed: Catalog, current: Catalog, wanted: Catalog, managed: Managed) -> Catalog:
    """The catalog of a copy of `current` after a plan, less what new objects have by themselves and nobody manages."""
    return replayed.without(
        one
        for one, thing in replayed.objects.items()
        if one not in wanted.objects
        and (
            (isinstance(thing, Owner) and thing.target in wanted.objects)
            or (isinstance(thing, Privilege) and not managed.privileges and thing.target not in current.objects)
        )
    )


class _Goal:
    """The goal in the making: objects of the desired catalog, and some of the current one."""

    def __init__(self, current: Catalog, desired: Catalog):
        self.current = current
        self.desired = desired
        self.objects: dict[Id, Object] = {
            one: thing.keeping(before) if (before := current.objects.get(one)) else thing
            for one, thing in desired.objects.items()
        }

    def catalog(self) -> Catalog:
        """The goal, each object with the needs that it has in the catalog that it is from."""
        needs = {}
        for one, thing in self.objects.items():
            source = self.current if self.current.objects.get(one) is thing else self.desired
            known = source.needs.get(one, frozenset())
            found = known.union(thing.needs())
            if found != known or not self.objects.keys() >= found:
                known = frozenset(need for need in found if need in self.objects and need != one)
            needs[one] = known
        return dataclasses.replace(self.desired, objects=self.objects, needs=needs)

    def keep_extensions(self) -> None:
        """Keep those that the file does not name, with what they need, and the versions of those that it names."""
        for one, extension in self.current.objects.items():
            if not isinstance(extension, Extension):
                continue
            wanted = self.objects.get(one)
            if isinstance(wanted, Extension):
                self.objects[one] = dataclasses.replace(wanted, version=extension.version)
            else:
                self._keep(one)

    def _keep(self, one: Id) -> None:
        if one in self.objects:
            return
        self.objects[one] = self.current.objects[one]
        for need in self.current.needs[one]:
            self._keep(need)
        for child in self.current.children.get(one, ()):
            if isinstance(child, Satellite | DefaultPrivilege):
                self.objects[child.id] = child

    def leave_owners(self, managed: Managed) -> None:
        """Leave the owners that the file does not name: for objects that stay current's, for new ones none."""
        named = managed.roles if managed.owners else frozenset()
        if named is not None:
            self._take(Owner, lambda thing: thing.owner in named)
        for one, thing in list(self.objects.items()):
            # A sequence that becomes a column's own has no owner of its own any more.
            if isinstance(thing, Owner) and thing.target in self.desired.objects and one not in self.desired.objects:
                del self.objects[one]

    def leave_privileges(self) -> None:
        """Leave all privileges: for objects that stay current's, for new ones none."""
        self._take(Privilege, lambda _: False)
        self._take(DefaultPrivilege, lambda _: False)

    def _take(self, kind: type[T], wanted: Callable[[T], bool]) -> None:
        for one, thing in self.desired.objects.items():
            if isinstance(thing, kind) and not wanted(thing) and one in self.objects:
                del self.objects[one]
        for one, thing in self.current.objects.items():
            if not isinstance(thing, kind) or one in self.objects:
                continue
            parent = thing.within()
            if parent is None or parent in self.objects or parent not in self.current.objects:
                self.objects[one] = thing

    def look_past_owners(self) -> None:
        """Where an object stays with another owner than the file gives it, what either may do is no difference.

        An owner may do everything, so a grant to a role says nothing where that role is the owner.
        """
        for one, thing in self.desired.objects.items():
            if isinstance(thing, Privilege) and (owner := self._other_owner(thing)):
                if thing.grantee == OWNER:
                    self.objects[one] = dataclasses.replace(thing, owner=owner)
                elif thing.grantee == owner:
                    del self.objects[one]
        for one, thing in self.current.objects.items():
            if not isinstance(thing, Privilege) or one in self.objects or thing.target not in self.objects:
                continue
            if self._other_owner(thing) and thing.grantee == _owner(self.desired.objects, thing.target):
                self.objects[one] = thing

    def _other_owner(self, thing: Privilege) -> str | None:
        """The owner that an object keeps, if the file gives it another."""
        owner = _owner(self.objects, thing.target)
        return owner if owner != _owner(self.desired.objects, thing.target) else None


def _owner(objects: Mapping[Id, Object], target: Id | None) -> str | None:
    """Who owns an object; what has no owner of its own, as a column, has that of what it is within."""
    while target is not None:
        owner = objects.get(Id("owner", (target.kind, *target.path)))
        if isinstance(owner, Owner):
            return owner.owner
        thing = objects.get(target)
        target = thing.within() if thing else None
    return None


def _grants(statement: Statement) -> bool:
    """Whether a statement grants or revokes privileges."""
    if statement.node == "CreateSchemaStmt":
        return any(part.HasField("grant_stmt") for part in _tree(statement).create_schema_stmt.schema_elts)
    return statement.node in _GRANTING


def _owners(statement: Statement) -> Iterator[str | None]:
    """The roles that a statement makes owners; None for whoever runs it."""
    # A file may hold thousands of ALTER TABLE, and a key word can be written in one way only.
    if statement.node not in _OWNING or (statement.node == "AlterTableStmt" and "owner" not in statement.sql.lower()):
        return
    tree = _tree(statement)
    if tree.HasField("alter_owner_stmt"):
        yield _role(tree.alter_owner_stmt.newowner)
    elif tree.HasField("reassign_owned_stmt"):
        yield _role(tree.reassign_owned_stmt.newrole)
    elif tree.HasField("variable_set_stmt") and tree.variable_set_stmt.name == "session_authorization":
        # What is made after it belongs to this role.
        if role := acts_as(tree):
            yield role
    elif tree.HasField("create_schema_stmt") and tree.create_schema_stmt.HasField("authrole"):
        yield _role(tree.create_schema_stmt.authrole)
    elif tree.HasField("alter_table_stmt"):
        for part in tree.alter_table_stmt.cmds:
            if part.alter_table_cmd.subtype == pb.AT_ChangeOwner:
                yield _role(part.alter_table_cmd.newowner)


def _role(spec: pb.RoleSpec) -> str | None:
    return spec.rolename if spec.roletype == pb.ROLESPEC_CSTRING else None


def _tree(statement: Statement) -> pb.Node:
    return postgast.parse(statement.sql).stmts[0].stmt
