"""External identifiers of records: land parcels, State place identifiers, own numbers.

They supplement the code: a scheme and a value, with the days on which it is valid. Nothing is
unique: a tower shares a parcel, and a door on a corner has two.
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
from registry.records.restricted import discloses_door

SQL: Final = Statements(__file__, "queries.sql")

MOST_ANSWERED: Final = 100
"""Maximum records returned for one value: a parcel may have thousands."""


@dataclass(frozen=True, slots=True)
class ExternalId:
    """A record's value in a scheme, and its first and last day, if any."""

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
        """Create one from the stored columns, with the day after the last one."""
        return cls(code, scheme, value, first, after and after - datetime.timedelta(days=1))

    def is_valid(self, day: datetime.date) -> bool:
        """Whether it is valid on the day."""
        first, last = self.valid_from, self.valid_to
        return (first is None or first <= day) and (last is None or day <= last)

    @property
    def key(self) -> tuple[str, str, str]:
        """The unique key."""
        return self.code, self.scheme, self.value


def find_external(reads: Reads, scheme: str, value: str, day: datetime.date) -> list[ExternalId]:
    """Return the records with this value on that day, by code, at most a hundred; includes retired
    records, never restricted ones.

    Raises NotFoundError if there are none, which costs the caller as much as an unknown code.
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
    """Return all external identifiers of a record, of any day, by scheme and value.

    Empty for a restricted place without permission: the number of a parcel gives away the door.
    """
    if not discloses_door(record):
        return []
    return [
        ExternalId.of(*row)
        for row in reads.rows(SQL.driver("values_of_record"), {"code": record.code})
    ]
