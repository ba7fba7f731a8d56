"""What an undo has to say of the past: what was done by hand since, what stays lost, whether live is back."""

import dataclasses
import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from dbsync.model.entry import Difference, Entry
from dbsync.model.objects import Id
from dbsync.model.outcome import Record
from dbsync.pg import version as versions
from dbsync.planning.verify import ANY, changed_by, drift, moved, strays
from dbsync.snapshot import edition

_MOST = 8

Objects = Mapping[Id, str]


def by_hand(now: Objects, last: Entry, server: int) -> Iterator[str]:
    """What live has become since the last record, in sentences."""
    if last.after is None:
        if last.record.outcome != "applied":
            yield (
                f"record {last.record.id} did not end ({last.record.outcome}), so it is not known how it left the"
                " database: look at what this changes"
            )
    elif comparable(last, server) and (changed := strayed(now, last)):
        yield f"live is not as record {last.record.id} left it, and this goes back as well: {_listed(changed)}"


def turned_out(now: Objects, entry: Entry, server: int) -> Record:
    """The record of an apply that was cut off, with the outcome that the live database shows."""
    outcome, shown = _seen(now, entry, server)
    text = f"dbsync was cut off before it could write how this ended; {shown}"
    return dataclasses.replace(entry.record, outcome=outcome, error=text)


def _seen(now: Objects, entry: Entry, server: int) -> tuple[str, str]:
    """The outcome, and in words what it is known from."""
    total, done = len(entry.steps), entry.done
    if done == total:
        return "applied", "every step was applied"
    if done is not None and entry.steps[done].transactional:
        # How far it came is written in the transactions themselves.
        some = "step 1 was applied" if done == 1 else f"steps 1 to {done} were applied"
        return ("partial", f"{some}, the others were not") if done else ("failed", "nothing was applied")
    if entry.before is None or entry.planned is None or not comparable(entry, server):
        return "interrupted", "how far it came cannot be seen: another version of dbsync or PostgreSQL wrote the record"
    changed = changed_by(entry.before, entry.planned)
    if not changed:
        return "interrupted", "how far it came cannot be seen: it changes no objects"
    if all(now.get(one) == entry.planned.get(one) or (one in now and entry.planned.get(one) == ANY) for one in changed):
        return "applied", "the database shows that every step was applied"
    if not done and all(now.get(one) == entry.before.get(one) for one in changed):
        return "failed", "the database shows that nothing was applied"
    return "partial", "the database shows that it was applied in part"


def between(earlier: Entry, target: Entry) -> Iterator[str]:
    """What was done by hand between a record and the next one, which found the state that is gone back to."""
    if target.before is None or not comparable(earlier, target.server):
        return
    if changed := strayed(target.before, earlier):
        yield (
            f"the database was changed between record {earlier.record.id} and record {target.record.id}, and these"
            f" changes stay or come back: {_listed(changed)}"
        )


def stays_lost(losses: Iterable[tuple[int, str]]) -> Iterator[str]:
    """What no undo brings back."""
    found: defaultdict[int, list[str]] = defaultdict(list)
    for record, loss in losses:
        found[record].append(loss)
    for record, lost in found.items():
        yield f"what record {record} lost stays lost: {'; '.join(lost)}"


def arrival(now: Objects, fingerprint: str, target: Entry, server: int) -> str:
    """Whether live is exactly what it was before a record."""
    number = target.record.id
    if fingerprint == target.current_fingerprint:
        return f"live has the very fingerprint that it had before record {number}"
    if target.before is None or not comparable(target, server):
        return f"record {number} is of another version of dbsync or PostgreSQL, so fingerprints cannot be compared"
    return f"not exactly as before record {number}, as PostgreSQL writes it: {_listed(drift(now, target.before))}"


def difference(first: Entry | None, second: Entry, *, alone: bool) -> Difference:
    """From the first record to the second; `alone`: what the second made of what it found."""
    name = f"record {first.record.id}" if first else "nothing"
    text = difflib.unified_diff(
        (first.schema_text if first else "").splitlines(),
        second.schema_text.splitlines(),
        f"schema file of {name}",
        f"schema file of record {second.record.id}",
        lineterm="",
    )
    before = second.before if alone or first is None else first.after or first.planned
    after = second.after or second.planned
    if before is not None and after is not None:
        # What may read in any words is called changed only where it is new.
        after = {one: before.get(one, ANY) if digest == ANY else digest for one, digest in after.items()}
    known = all(one.before is not None for one in (first, second) if one and not (alone and one is first))
    same = alone or first is None or comparable(first, second.server, second.edition)
    objects = tuple(moved(before, after)) if known and same and before is not None and after is not None else None
    return Difference(
        first=first.record if first else None,
        second=second.record,
        objects=objects,
        text=tuple(text),
        notes=tuple(_caveats(first, second, alone=alone, known=known, same=same)),
    )


def _caveats(first: Entry | None, second: Entry, *, alone: bool, known: bool, same: bool) -> Iterator[str]:
    if not known:
        yield "a record that an older dbsync wrote holds no objects: only the schema files are compared"
    elif not same:
        yield "the records are of other versions of dbsync or PostgreSQL: only the schema files are compared"
    for one in (second, None if alone else first):
        if one is not None and one.after is None and one.planned is not None:
            yield f"record {one.record.id} did not end ({one.record.outcome}): shown is what was planned"


def comparable(entry: Entry, server: int, code: str | None = None) -> bool:
    """Whether digests mean the same: the code that reads objects (by default this one) and the server's major version
    are those of then."""
    same = versions.major(entry.server) == versions.major(server)
    return entry.before is not None and same and entry.edition == (code or edition())


def strayed(now: Objects, entry: Entry) -> list[str]:
    """What is another than a record left it, in words; nothing where that is not known."""
    before, after = entry.before or {}, entry.after
    if after is None:
        return []
    stray = strays(now, before, after)
    return list(drift({one: now[one] for one in stray if one in now}, {k: after[k] for k in stray if k in after}))


def _listed(words: Iterable[str]) -> str:
    found = list(words)
    return ", ".join(found[:_MOST]) + (f" and {len(found) - _MOST:,} more" if len(found) > _MOST else "")
