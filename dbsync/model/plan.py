"""A plan: the steps that make live what the file says, what the replay saw of each, and the proof."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Mapping

from dbsync.model.changes import Change, PossibleRename, Rename
from dbsync.model.hazards import Hazard, Size
from dbsync.model.objects import Id
from dbsync.model.rows import FormerRows, TableRows, Watched
from dbsync.model.steps import Step


@dataclasses.dataclass(frozen=True, kw_only=True)
class Observed:
    """A step, and what the replay saw of it on the copy.

    `locks` maps a table of live to the strongest mode that the step took on it ("ACCESS EXCLUSIVE"); `rewritten`,
    `scanned` name tables of live; `lost` says in words what is gone after it ("table public.t and its rows");
    `acted`, that on the scratch server a superuser did it for the role.
    """

    step: Step
    locks: Mapping[str, str] = dataclasses.field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    touched: tuple[Id, ...] = ()
    acted: bool = dataclasses.field(default=False, compare=False)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Batch:
    """Steps that run together: in one transaction, or (transactional False) a single step outside of any."""

    steps: tuple[Observed, ...]
    transactional: bool = True


@dataclasses.dataclass(frozen=True)
class Proof:
    """What the replay of the whole plan on a fresh copy of live showed.

    `witness` says what else agreed ("pg_dump"), or is empty where there was none, with `notes` saying why.
    """

    witness: str
    notes: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Identity:
    """Which database a plan is for, however it is reached; `system` is None where the server hides its number."""

    system: str | None
    database: str
    oid: int


@dataclasses.dataclass(frozen=True)
class State:
    """What live was, so that it can be made again: its schema as pg_dump wrote it, less the secrets, the statements for
    what a dump leaves out, and the rows that a plan writes over."""

    dump: str
    more: tuple[str, ...] = ()
    rows: tuple[FormerRows, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything that an operator reads, agrees to, and that apply runs.

    `renamed` holds what gets another name and keeps what it holds, `renames` what may be meant to; `kept` names what
    live has, the file does not, and dbsync does not manage; `notes` are sentences that the operator should read.
    """

    target: str
    """Live, as shown to people: no password."""
    database: str
    host: str
    changes: tuple[Change, ...]
    batches: tuple[Batch, ...]
    proof: Proof
    current_fingerprint: str
    """Of live's own catalog when it was planned on."""
    desired_fingerprint: str
    schema_digest: str
    """Of the text of the schema file and its includes."""
    schema_text: str
    renamed: tuple[Rename, ...] = ()
    renames: tuple[PossibleRename, ...] = ()
    kept: tuple[Id, ...] = ()
    notes: tuple[str, ...] = ()
    scratch: str = ""
    """What the plan was proven on: "PostgreSQL 18.6, embedded"."""
    seconds: float = 0.0
    identity: Identity | None = None
    seeds_digest: str = ""
    """Of the text of the seeds file and its includes; empty where there are none."""
    rows: tuple[TableRows, ...] = ()
    """The tables whose rows the seeds file declares."""
    watched: tuple[Watched, ...] = dataclasses.field(default=(), repr=False)
    """The rows of live that it was planned on."""
    goal: str = "what the schema file says"
    """What live is after it, as the end of a sentence."""
    undoes: int | None = None
    """The history record before which it goes back; None where the schema file is the goal."""
    manage: str = "auto"
    """As `--manage` said."""
    locks: int = 0
    """The most locks that one of its transactions holds at once."""
    hazards: tuple[Hazard, ...] = ()
    """What live's rows mean for the steps, as live itself answered."""
    sizes: Mapping[str, Size] = dataclasses.field(default_factory=dict)
    """How large the tables of live are that the steps lock, rewrite, scan or drop."""
    current: Mapping[Id, str] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """The objects of live as it was planned on, each with the digest of its fields."""
    replayed: Mapping[Id, str] = dataclasses.field(default_factory=dict, repr=False, compare=False)
    """The same, of where the replay of the plan ended; with empty digests where another major version replayed it."""

    before: State | None = dataclasses.field(default=None, repr=False, compare=False)
    """Live as it was planned on, for an undo; None where nothing is done, or it cannot be kept."""

    @functools.cached_property
    def steps(self) -> tuple[Observed, ...]:
        """All steps in their order."""
        return tuple(one for batch in self.batches for one in batch.steps)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    @property
    def differs(self) -> bool:
        """Whether live's schema is not the one that is wanted, be it only in the name of an enum's label."""
        return bool(self.changes or self.renamed)

    @functools.cached_property
    def losses(self) -> tuple[str, ...]:
        """Everything that is lost, in words, each once."""
        return tuple(dict.fromkeys(loss for one in self.steps for loss in one.lost))

    @functools.cached_property
    def blocked(self) -> tuple[Hazard, ...]:
        """The hazards because of which a step would fail on live."""
        return tuple(one for one in self.hazards if one.blocks)

    @functools.cached_property
    def digest(self) -> str:
        """128 bits, as 32 hexadecimal digits, over which database it is for, what it is, what runs and what that loses,
        what the rows of the database are asked, and the texts of the files. What these rows answer is not in it."""
        parts = [
            dataclasses.astuple(self.identity) if self.identity else None,
            [self.current_fingerprint, self.desired_fingerprint, self.schema_digest, self.seeds_digest, self.undoes],
            [[batch.transactional, *([one.step.sql, *one.lost] for one in batch.steps)] for batch in self.batches],
            [dataclasses.astuple(one) for one in self.watched],
            [dataclasses.astuple(one.question) for one in self.hazards],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]
