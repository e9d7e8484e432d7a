"""Prepared reforms: carried out on their effective date, or withdrawn before."""

import logging
from typing import Final

from sqlalchemy import Engine, text

from registry.core.database import session_scope
from registry.core.errors import NotFoundError, RegistryError
from registry.core.events import Cause, open_event
from registry.core.messages import Message
from registry.core.settings import Settings
from registry.core.sql import Statements
from registry.reform.reading import resolution_of
from registry.reform.run import Options, forget_units, lock_reforms, reform

SQL: Final = Statements(__file__, "queries.sql")

_log = logging.getLogger("diachiso.jobs")
_NAMED: Final = text("SELECT id FROM reform WHERE number = :number AND state = 'prepared'")
_WITHDRAWN: Final = text("UPDATE reform SET state = 'withdrawn' WHERE id = :id")


def carry_due(engine: Engine, _settings: Settings | None = None) -> None:
    """Carry out the reforms that are due, oldest first.

    Undecided households written since the preparation go where their neighbours go. A failing
    reform does not stop the next ones; the first error is raised at the end.
    """
    failed: RegistryError | None = None
    with session_scope(engine) as session:
        due = session.execute(SQL.text("due")).all()
    for row in due:
        options = Options(row.actor, nearest=True, decided=row.decided, reform_id=row.id)
        try:
            reform(engine, resolution_of(row.resolution), options)
        except RegistryError as error:
            _log.warning("reform %s: %s", row.number, error.detail)
            failed = failed or error
    if failed is not None:
        raise failed


def withdraw(engine: Engine, number: str, *, actor: str) -> None:
    """Withdraw a prepared reform before its effective date. Raises NotFoundError."""
    with session_scope(engine) as session:
        lock_reforms(session)
        reform_id = session.execute(_NAMED, {"number": number}).scalar_one_or_none()
        if reform_id is None:
            raise NotFoundError(Message("reform_not_pending", number=number))
        open_event(session, Cause("withdraw_reform", actor, decision_number=number))
        forget_units(session, reform_id)
        session.execute(_WITHDRAWN, {"id": reform_id})
