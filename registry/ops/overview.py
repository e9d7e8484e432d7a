"""The overall state of the register, by cheap queries."""

import datetime
from typing import Final

from registry.core.reads import Reads
from registry.core.sql import Statements

SQL: Final = Statements(__file__)

_APPROXIMATE: Final = "SELECT EXISTS (SELECT FROM map_unit WHERE detail = 0 AND approximate)"


def is_demonstration(reads: Reads) -> bool:
    """Whether the register has demo households."""
    return bool(reads.rows(SQL.driver("demo"), {})[0][0])


def state_of_data(reads: Reads) -> tuple[datetime.datetime | None, bool]:
    """Return when the register was last written, None for never; and whether it is a demo."""
    changed_at, demo = reads.rows(SQL.driver("state"), {})[0]
    return changed_at, bool(demo)


def is_drawn_roughly(reads: Reads) -> bool:
    """Whether the map shows cells around seats in place of real boundaries."""
    return bool(reads.rows(_APPROXIMATE, {})[0][0])


def boundaries_state(reads: Reads) -> str:
    """Return a text that changes with every load of boundaries."""
    return str(reads.rows(SQL.driver("boundaries"), {})[0][0])
