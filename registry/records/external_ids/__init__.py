"""What others call a record: postcodes, land parcels, the State's place identifiers, own numbers.

Beside the code, never the code: a scheme and a value, with the days on which it holds. Nothing is
exclusive: a postcode is that of a thousand doors, and a door on a corner has two parcels.
"""

import datetime
from dataclasses import dataclass
from typing import Final

from registry.access import budget
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.records.record import Record
from registry.records.restricted import tells_door

SQL: Final = Statements(__file__, "queries.sql")

MOST_ANSWERED: Final = 100
"""Records of one value that are answered: a postcode has thousands."""


@dataclass(frozen=True, slots=True)
class ExternalId:
    """A value that a record has in a scheme, and its first and last day, where it has them."""

    code: str
    scheme: str
    value: str
    valid_from: datetime.date | None
    valid_to: datetime.date | None

    @classmethod
    def of(
        cls,
        code: str,
        scheme: str,
        value: str,
        first: datetime.date | None,
        after: datetime.date | None,
    ) -> "ExternalId":
        """As it is stored: with the day after the last one."""
        return cls(code, scheme, value, first, after and after - datetime.timedelta(days=1))

    @property
    def key(self) -> tuple[str, str, str]:
        """What is stored once."""
        return self.code, self.scheme, self.value


def find_external(reads: Reads, scheme: str, value: str, day: datetime.date) -> list[ExternalId]:
    """Who has this value on that day, by code, at most a hundred; also what is retired since, and
    never a restricted place.

    Raises NotFoundError where nobody has, and the caller pays for it as for a code that is none.
    """
    budget.check()
    rows = reads.rows(
        SQL.driver("records_with_value"),
        {"scheme": scheme, "value": value, "day": day, "most": MOST_ANSWERED},
    )
    if not rows:
        budget.pay()
        raise NotFoundError(Message("external_value_unknown", scheme=scheme, value=value))
    return [ExternalId.of(*row) for row in rows]


def external_ids_of(reads: Reads, record: Record) -> list[ExternalId]:
    """All that a record is called elsewhere, also on other days, by scheme and value.

    Nothing of a restricted place to a stranger: the number of a parcel leads to the door.
    """
    if not tells_door(record):
        return []
    return [
        ExternalId.of(*row)
        for row in reads.rows(SQL.driver("values_of_record"), {"code": record.code})
    ]
