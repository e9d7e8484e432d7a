"""The doctor: runs every probe on a register, and gives repair hints."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from psycopg.errors import QueryCanceled
from sqlalchemy import text
from sqlalchemy.exc import ArgumentError, DBAPIError

from registry.core.database import APP_ROLE, first_line
from registry.core.errors import RegistryError
from registry.core.messages import Message, translate
from registry.core.settings import Settings
from registry.ops.probes import (
    backups,
    cluster,
    content,
    households,
    places,
    schema,
    server,
    upkeep,
)
from registry.ops.probes.probe import TIMEOUT_S, Finding, Need, Probe, State, Subject, failure

# From the ground up: an early failure explains later ones.
PROBES: Final = tuple(
    each
    for module in (cluster, server, schema, content, places, households, upkeep, backups)
    for each in vars(module).values()
    if isinstance(each, Probe)
)
"""Every probe, in the order of modules and definitions."""


@dataclass(frozen=True, slots=True)
class Result(Finding):
    """The finding of a probe, with its name and description."""

    name: str
    line: str
    """The condition that it checks, in English."""
    hint: Message | None
    """How to repair it; None if it is well or was skipped."""

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values; its detail is English, for programs."""
        return {
            "name": self.name,
            "line": self.line,
            "state": self.state,
            "detail": self.english,
            "hint": self.hint and str(self.hint),
            "vi": translate(self.line, "vi"),
        }


def run_probes(settings: Settings, probes: Iterable[Probe] = PROBES) -> list[Result]:
    """Run the probes in order and return their results; never raises for a damaged register.

    Uses one read-only connection, each probe in a transaction that is rolled back. Probes whose
    requirements are missing are skipped.
    """
    subject = Subject(settings)
    try:
        return [_result(probe, _run(probe, subject)) for probe in probes]
    finally:
        if subject.open_connection is not None:
            subject.open_connection.close()


def _result(probe: Probe, found: Finding) -> Result:
    hint = probe.hint if found.state in (State.WARNING, State.FAILURE) else None
    return Result(found.state, found.detail, probe.name, probe.line, hint)


def _run(probe: Probe, subject: Subject) -> Finding:
    try:
        return _find(probe, subject)
    except RegistryError as error:
        return failure(error.message)
    except ArgumentError:
        return failure(Message("database_url_invalid"))  # may hold a password: not shown
    except DBAPIError as error:
        if error.connection_invalidated:
            subject.open_connection = None
        if isinstance(error.orig, QueryCanceled):
            return Finding(State.SKIPPED, Message("no_answer_within", seconds=TIMEOUT_S))
        return failure(first_line(error.orig or error))


def _find(probe: Probe, subject: Subject) -> Finding:
    offers = subject.offers()
    if probe.need > offers:
        lacks = Message("needs_database" if offers == Need.NOTHING else "needs_tables")
        return Finding(State.SKIPPED, lacks)
    try:
        if probe.need == Need.REGISTER:
            subject.connection.execute(text(f"SET LOCAL ROLE {APP_ROLE}"))
        return probe.function(subject)
    finally:
        if subject.open_connection is not None and not subject.open_connection.invalidated:
            subject.open_connection.rollback()


__all__ = ["PROBES", "Finding", "Probe", "Result", "State", "run_probes"]
