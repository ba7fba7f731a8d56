"""Says of a failed apply which step failed, why, what was applied and what was not."""

import psycopg

from dbsync.apply.session import Session
from dbsync.apply.transaction import InDoubtError
from dbsync.errors import ApplyFailed, DbsyncError
from dbsync.load.secrets import masked
from dbsync.model.objects import Id
from dbsync.pg.failures import Failure

_AGAIN = "plan again and apply the rest: dbsync apply"


def step_failed(session: Session, error: psycopg.Error) -> ApplyFailed:
    """For an error that PostgreSQL, or the loss of it, gave while a step ran."""
    failure = Failure.of(error)
    lost = failure.lost or session.connection.broken
    what = "the connection to live was lost" if lost else failure.message
    words = [failure.message] if lost else []
    words += [f"{label}: {text}" for label, text in (("detail", failure.detail), ("context", failure.context)) if text]
    words += getattr(error, "__notes__", [])
    words.append(applied(session))
    hint = failure.hint or (_AGAIN if session.committed else None)
    if not session.number:
        return ApplyFailed(f"the apply could not begin: {what}", detail="\n".join(words), hint=hint)
    number, total = session.number, len(session.plan.steps)
    message = f"step {number} of {total} failed: {what}"
    return ApplyFailed(message, detail="\n".join(words), hint=hint, excerpt=_excerpt(session))


def interrupted(session: Session) -> ApplyFailed:
    """For Ctrl-C."""
    return ApplyFailed(f"interrupted. {applied(session)}", hint=_AGAIN if session.committed else None)


def in_doubt(session: Session, doubt: InDoubtError) -> ApplyFailed:
    """For a COMMIT that was not answered."""
    what = "interrupted" if doubt.interrupted else "the connection to live was lost"
    if doubt.committed is None:
        return ApplyFailed(
            f"{what} while the transaction was committed, and the server cannot be asked: it is not known whether"
            f" the steps up to {session.number} were applied",
            detail=f"Before that: {session.progress_words()}",
            hint="when the server is back, dbsync plan shows what is left to do",
        )
    outcome = "it was committed" if doubt.committed else "it was rolled back"
    return ApplyFailed(f"{what} while the transaction was committed: {outcome}", detail=applied(session), hint=_AGAIN)


def left_over(left: tuple[Id, ...], goal: str) -> ApplyFailed:
    """For a live database that is not what it should be when every step was applied."""
    shown = "\n".join(f"  {one}" for one in left[:20])
    more = f"\n  and {len(left) - 20} more" if len(left) > 20 else ""
    return ApplyFailed(
        f"every step was applied, but in {len(left)} {'object' if len(left) == 1 else 'objects'} live is not {goal}",
        detail=shown + more,
        hint="something changed live while the plan ran, or a step had no effect there; dbsync plan shows what is left",
    )


def not_compared(error: psycopg.Error) -> ApplyFailed:
    """For a live database that could not be read when every step was applied."""
    return ApplyFailed(
        f"every step was applied, but live could not be read afterwards: {Failure.of(error).message}",
        hint="dbsync plan shows whether something is left to do",
    )


def applied(session: Session) -> str:
    """What was applied, and how the rest ended."""
    batch = session.batch
    rolled_back = batch is not None and batch.transactional and session.number > session.steps_applied
    return session.progress_words() + (" The transaction was rolled back." if rolled_back else "")


def in_history(error: DbsyncError) -> str:
    """The text that the history record keeps."""
    return "\n".join(part for part in (error.message, error.excerpt, error.detail) if part).replace("\0", "")


def _excerpt(session: Session) -> str:
    step = session.plan.steps[session.number - 1].step
    lines = masked(step.sql).strip().splitlines()
    shown = [line[:160] + (" …" if len(line) > 160 else "") for line in lines[:8]]
    shown += [f"… {len(lines) - 8} more lines"] if len(lines) > 8 else []
    shown += [f"({step.place} asks for it)"] if step.place else []
    return "\n".join("  " + line for line in shown)
