"""Shared by imports, reforms and large batches: their files, progress and end.

Each has its own tables, `import` and `import_work`, `reform` and `reform_work`, `batch`, and its
own requests, jobs and outcomes.
"""

import datetime
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.errors import (
    BatchStateError,
    ImportStateError,
    OutcomeUnknownError,
    ReformStateError,
    StaleError,
)
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.files import kept
from registry.jobs.queue import enqueue, turn_of
from registry.jobs.table import Job

SQL: Final = Statements(__file__)


@dataclass(frozen=True, slots=True)
class Submission:
    """The state of an import, reform or batch; never `doing` for the command line."""

    id: int
    state: str
    event_id: int | None
    file_name: str | None
    verdict: int
    """Number of the last dry run; 0 before the end of the first."""
    phase: str | None
    """The running task; None for none."""
    done: int
    """Rows read or answered so far, or records moved by a reform."""
    problem: dict[str, Any] | None
    """Error of the last request: `code`, `detail` and further members."""
    asked_by: str | None
    asked_key_id: int | None
    files_until: datetime.datetime | None


@dataclass(frozen=True, slots=True)
class Kind:
    """Imports, reforms, or batches."""

    name: Literal["imports", "reforms", "batches"]
    """Name, and folder of their files."""
    refusal: type[ImportStateError | ReformStateError | BatchStateError]
    in_state: str
    """Code of the message for a request that the state does not allow."""
    key: str
    """Argument of its jobs: the id."""
    lock: str | None
    """Lock of its jobs, which run one at a time; None for one per caller and queue."""

    def folder(self, settings: Settings, number: int) -> Path:
        """Return the folder of the files of one."""
        return kept.folder(settings, self.name, number)

    @contextmanager
    def receiving(self, settings: Settings) -> Iterator[Callable[[int], Path]]:
        """Yield a function that creates the folder of a new one; removed if the block fails.

        The folder is kept if the outcome of the commit is unknown: a job may need the file.
        Raises what `kept.refusals` raises.
        """
        made: list[Path] = []

        def folder(number: int) -> Path:
            made.append(self.folder(settings, number))
            return made[-1]

        try:
            with kept.refusals():
                yield folder
        except OutcomeUnknownError:
            raise
        except BaseException:
            for each in made:
                kept.remove(each)
            raise

    def wrong_state(
        self, view: Submission, why: Message
    ) -> ImportStateError | ReformStateError | BatchStateError:
        """Return the error for a request that the state does not allow."""
        doing = f", {view.phase}" if view.phase else ""
        message = Message(self.in_state, id=view.id, state=view.state, doing=doing, why=why)
        return self.refusal(message, state=view.state)

    def hold(self, session: Session, view: Submission) -> None:
        """Lock it until the transaction ends; raises if a job has locked it."""
        if session.execute(SQL.text("hold", self.name), {"id": view.id}).one_or_none() is None:
            raise self.wrong_state(view, Message("being_processed"))

    def enqueue(
        self, session: Session, number: int, actor: Actor, job: Job, **options: object
    ) -> None:
        """Enqueue a job for `actor`."""
        lock = self.lock or turn_of(actor, job)
        enqueue(session, job, lock=lock, **{self.key: number}, **options)

    def hand_over(
        self,
        session: Session,
        view: Submission,
        actor: Actor,
        job: Job,
        phase: str = "waiting",
        **options: object,
    ) -> None:
        """Enqueue a job for `actor` on an existing one."""
        given = {"id": view.id, "actor": actor.name, "key_id": actor.key_id, "phase": phase}
        session.execute(SQL.text("hand_over", self.name), given)
        self.enqueue(session, view.id, actor, job, **options)

    def note_progress(
        self, engine: Engine, number: int, *, phase: str | None = None, done: int = 0
    ) -> None:
        """Store the progress."""
        given = {"id": number, "phase": phase, "done": done}
        with session_scope(engine) as session:
            session.execute(SQL.text("note_progress", self.name), given)

    def end_work(
        self, session: Session, number: int, problem: dict[str, Any] | None, *, verdicts: int = 0
    ) -> None:
        """Store that no task is running; `problem` is the error, if any."""
        stored = json.dumps(problem) if problem is not None else None
        given = {"id": number, "problem": stored, "verdicts": verdicts}
        session.execute(SQL.text("end_work", self.name), given)

    def drop_files(self, session: Session, number: int) -> None:
        """Store that its files are removed; the caller removes them."""
        session.execute(SQL.text("drop_files", self.name), {"id": number})

    def clear_away(
        self, engine: Engine, settings: Settings, discard: Callable[[Session, int], None]
    ) -> Sequence[Any]:
        """Delete expired files, and discard what was not carried out or published by then.

        Returns (id, state) of those whose job is lost, for example after a restore.
        """
        with session_scope(engine) as session:
            for number, state in session.execute(SQL.text("over", self.name)).all():
                if state in ("reported", "failed", "done"):
                    discard(session, number)
                self.drop_files(session, number)
                kept.remove(self.folder(settings, number))
            lost = session.execute(SQL.text("lost", self.name)).all()
            # A job may have written a report after the discard, before it was cancelled.
            given = {"ids": kept.numbers_kept(settings, self.name)}
            for number in session.scalars(SQL.text("without_files", self.name), given):
                kept.remove(self.folder(settings, number))
        return lost


IMPORTS: Final = Kind("imports", ImportStateError, "import_in_state", "import_id", None)
REFORMS: Final = Kind("reforms", ReformStateError, "reform_in_state", "reform_id", "reform")
BATCHES: Final = Kind("batches", BatchStateError, "batch_in_state", "batch_id", None)


def check_verdict(view: Submission, verdict: int | None) -> None:
    """Raise StaleError if there was another dry run since the one the caller saw."""
    if verdict not in (None, view.verdict):
        raise StaleError(Message("dry_run_outdated", latest=view.verdict, given=verdict))
