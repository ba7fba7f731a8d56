"""Says of a failed apply which step failed, why, what was applied and what was not."""

import psycopg

from dbsync.apply.resume import lost
from dbsync.apply.session import Session
from dbsync.apply.transaction import InDoubtError
from dbsync.errors import ApplyFailed, DbsyncError, Interrupted
from dbsync.load.secrets import masked
from dbsync.model.objects import Id
from dbsync.pg.failures import Failure

_AGAIN = "plan again and apply the rest: dbsync apply"


def step_failed(session: Session, error: psycopg.Error) -> ApplyFailed:
    """For an error that PostgreSQL, or the loss of it, gave while a step ran."""
    failure = Failure.of(error)
    gone = lost(session, error)
    what = "the connection to live was lost" if gone else failure.message
    words = [failure.message] if gone else []
    words += [f"{label}: {text}" for label, text in (("detail", failure.detail), ("context", failure.context)) if text]
    words += [*_notes(error), applied(session)]
    hint = failure.hint or (_AGAIN if session.committed else None)
    if not session.number:
        return ApplyFailed(f"the apply could not begin: {what}", detail="\n".join(words), hint=hint)
    number, total = session.number, len(session.plan.steps)
    message = f"step {number} of {total} failed: {what}"
    return ApplyFailed(message, detail="\n".join(words), hint=hint, excerpt=_excerpt(session))


def not_begun(error: psycopg.Error) -> ApplyFailed:
    """For a server that failed us before anything was tried."""
    return ApplyFailed(f"the apply could not begin: {Failure.of(error).message}", detail="Nothing was applied.")


def cut_off(session: Session, error: Exception) -> ApplyFailed:
    """For a connection that was lost between two steps, or after the last one, when there was no going on."""
    total, done = len(session.plan.steps), session.steps_applied
    if done == total:
        return not_compared(session, error)
    return ApplyFailed(
        f"the connection to live was lost after step {done} of {total}, and the apply could not go on: {_why(error)}",
        detail=applied(session),
        hint=_AGAIN,
    )


def interrupted(session: Session, error: KeyboardInterrupt) -> Interrupted:
    """For Ctrl-C, and the signals that end the work as it does."""
    hint = _AGAIN if session.committed and session.batch else None
    detail = "\n".join(_notes(error)) or None
    return Interrupted(f"interrupted. {applied(session)}", by=error, detail=detail, hint=hint)


def in_doubt(session: Session, doubt: InDoubtError) -> DbsyncError:
    """For a COMMIT that was not answered."""
    what = "interrupted" if doubt.interrupted else "the connection to live was lost"
    if doubt.committed is None:
        failed = ApplyFailed(
            f"{what} while the transaction was committed, and the server cannot be asked: it is not known whether"
            f" the steps up to {session.number} were applied",
            detail=f"Before that: {session.progress_words()}",
            hint="when the server is back, dbsync plan shows what is left to do",
        )
    else:
        outcome = "it was committed" if doubt.committed else "it was rolled back"
        failed = ApplyFailed(
            f"{what} while the transaction was committed: {outcome}",
            detail=session.progress_words(),
            hint=_AGAIN if session.batch else None,
        )
    if doubt.interrupted:
        return Interrupted(failed.message, by=doubt.interrupted, detail=failed.detail, hint=failed.hint)
    return failed


def left_over(left: tuple[Id, ...], goal: str) -> ApplyFailed:
    """For a live database that is not what it should be when every step was applied."""
    shown = "\n".join(f"  {one}" for one in left[:20])
    more = f"\n  and {len(left) - 20} more" if len(left) > 20 else ""
    return ApplyFailed(
        f"every step was applied, but in {len(left)} {'object' if len(left) == 1 else 'objects'} live is not {goal}",
        detail=shown + more,
        hint="something changed live while the plan ran, or a step had no effect there; dbsync plan shows what is left",
    )


def not_compared(session: Session, error: Exception) -> ApplyFailed:
    """For a live database that could not be read when every step was applied."""
    return ApplyFailed(
        f"every step was applied, but live could not be read afterwards: {_why(error)}",
        detail=session.progress_words(),
        hint="dbsync check shows whether live is as it should be",
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


def _notes(error: BaseException) -> list[str]:
    return list(getattr(error, "__notes__", []))


def _why(error: Exception) -> str:
    if isinstance(error, DbsyncError):
        return error.message
    return Failure.of(error).message if isinstance(error, psycopg.Error) else str(error)
