"""What a scratch server must be like, so that it takes what live takes and prints what live prints."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field

from dbsync.pg.server import LiveFacts, Locale, Membership, Role


@dataclass(frozen=True, kw_only=True)
class Needs:
    """Live's version, encoding and locale, roles, extensions and tablespaces; the schema file's extensions too."""

    major: int
    session_role: str = "app"
    roles: tuple[Role, ...] = ()
    memberships: tuple[Membership, ...] = ()
    locale: Locale = field(default_factory=Locale)
    extensions: frozenset[str] = frozenset()
    tablespaces: tuple[str, ...] = ()
    load_timeout: float = 600.0
    """Seconds that the statements of a session have there; of one that tries what others wrote, all of them."""

    @classmethod
    def of(cls, facts: LiveFacts, extensions: Iterable[str] = (), *, load_timeout: float = 600.0) -> "Needs":
        """What live has, and the extensions that the schema file asks for."""
        return cls(
            major=facts.major,
            session_role=facts.role,
            roles=facts.roles,
            memberships=facts.memberships,
            locale=facts.locale,
            extensions=frozenset(extensions) | {one.name for one in facts.extensions},
            tablespaces=facts.tablespaces,
            load_timeout=load_timeout,
        )

    @property
    def superuser(self) -> bool:
        """Whether live's session role may do everything there."""
        return any(role.superuser for role in self.roles if role.name == self.session_role)

    def and_roles(self, names: Iterable[str]) -> "Needs":
        """The same, with roles of these names that the session's role may act as, where it has none of that name."""
        known = {role.name for role in self.roles} | {self.session_role}
        new = sorted(set(names) - known)
        members = tuple(Membership(role=name, member=self.session_role) for name in new)
        return dataclasses.replace(
            self, roles=(*self.roles, *map(_bare, new)), memberships=(*self.memberships, *members)
        )


def _bare(name: str) -> Role:
    return Role(name=name)
