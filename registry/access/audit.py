"""The audit log: writes and bulk reads over HTTP, and refusals.

It has no query and no text of a request. A caller without a key is identified by a hash of the
network address, with a secret of the database and the day: entries are linkable within a day only,
and the address cannot be recovered without the secret.
"""

import datetime
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from registry.access.reach import lineage, parameter, unit_codes
from registry.core.database import translated_errors
from registry.core.reads import Reads
from registry.core.sql import Statements
from registry.units.gazetteer import Gazetteer, today

SQL: Final = Statements(__file__, "queries.sql")

_SIGNS: Final = 16
_WITH_PORT: Final = re.compile(r"\[([^\]]*)\](?::\d+)?|([\d.]+):\d+")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
MAX_CODES: Final = 20
"""Maximum codes logged for an operation; its event has all of them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry to write."""

    actor: str
    role: str
    endpoint: str
    """Method and route, without the values in its path; or a command."""
    units: tuple[str, ...] = ()
    count: int | None = None
    """Records written, or rows answered."""
    event_id: int | None = None
    status: int = 200
    outcome: str = "ok"
    key_id: int | None = None
    client: str | None = None
    operation: str | None = None
    """Operation of the lifecycle, by its event kind: done, requested or refused."""
    codes: tuple[str, ...] = ()
    """Canonical codes that the operation named or wrote."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry as read, with columns of its event."""

    id: int
    at: datetime.datetime
    actor: str
    role: str
    client: str | None
    endpoint: str
    units: tuple[str, ...]
    count: int | None
    event_id: int | None
    status: int
    outcome: str
    operation: str | None
    """Kind of the event, or the operation of the lifecycle that has no event."""
    codes: tuple[str, ...]
    reason: str | None
    decision_number: str | None
    asked_by: str | None
    """Actor of the event, if different from the approver."""
    second_person: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Filters; None for all."""

    actor: str | None = None
    unit: str | None = None
    since: datetime.datetime | None = None
    refused: bool = False
    """Only refusals."""
    last_day: datetime.datetime | None = None
    """Until the end of the day that begins then."""
    code: str | None = None
    """Canonical code: operations on this record, also refused ones."""
    operation: str | None = None
    """Kind of the event."""


class Clients:
    """Pseudonyms of callers without a key."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._key: bytes | None = None
        self._day: datetime.date | None = None
        self._of_day = b""

    def name(self, caller: str) -> str:
        """Return sixteen characters for a caller (`network_of` or a count), different each day."""
        day = today()
        if day != self._day:
            self._of_day = hmac.digest(self._secret(), day.isoformat().encode(), "sha256")
            self._day = day
        hashed = hmac.new(self._of_day, caller.encode(), hashlib.sha256)
        return hashed.hexdigest()[:_SIGNS]

    def _secret(self) -> bytes:
        if self._key is None:
            self._key = bytes(self._reads.rows("SELECT key FROM client_key", {})[0][0])
        return self._key


@lru_cache(maxsize=10_000)
def network_of(address: str, ipv6_prefix: int = 64) -> str:
    """Return the address, or the network of an IPv6 one, of which a computer has any number.

    An IPv4 address is one caller in any form: mapped, translated (NAT64), as 6to4, of which each
    has 65,536 networks, and with the port that some proxies add. Anything else, such as a socket
    file, is one caller.

    >>> network_of("203.0.113.7"), network_of("2001:db8::1:2"), network_of("::ffff:203.0.113.7")
    ('203.0.113.7', '2001:db8::', '203.0.113.7')
    >>> network_of("203.0.113.7:4711"), network_of("[2001:db8:0:7::1]:4711", 56)
    ('203.0.113.7', '2001:db8::')
    >>> network_of("2002:cb00:7107:1::1"), network_of("64:ff9b::cb00:7107"), network_of("x1")
    ('203.0.113.7', '203.0.113.7', '')
    """
    written = _WITH_PORT.fullmatch(address)
    try:
        read = ipaddress.ip_address(written[1] or written[2] if written else address)
    except ValueError:
        return ""
    if isinstance(read, ipaddress.IPv4Address):
        return str(read)
    if (inside := read.ipv4_mapped or read.sixtofour) is not None:
        return str(inside)
    if read in _NAT64:
        return str(ipaddress.IPv4Address(int(read) & 0xFFFF_FFFF))
    return str(ipaddress.ip_network((int(read), ipv6_prefix), strict=False).network_address)


def record(session: Session, entry: Entry) -> None:
    """Write an entry in the session's transaction."""
    session.execute(SQL.text("audit"), _columns(entry))


def record_soon(engine: Engine, entry: Entry) -> None:
    """Write an entry in a transaction of its own, by one message to the database.

    Does not wait for the disk: a crash of the server loses some milliseconds of entries, but never
    the event of a write. Raises the errors of session_scope.
    """
    at_once = engine.execution_options(isolation_level="AUTOCOMMIT")
    with translated_errors(), at_once.connect() as connection:
        connection.execute(SQL.text("audit_soon"), _columns(entry))


def _columns(entry: Entry) -> dict[str, object]:
    return {
        "actor": entry.actor,
        "key_id": entry.key_id,
        "client": entry.client,
        "role": entry.role,
        "endpoint": entry.endpoint,
        "units": list(entry.units),
        "count": entry.count,
        "event_id": entry.event_id,
        "status": entry.status,
        "outcome": entry.outcome,
        "operation": entry.operation,
        "codes": list(entry.codes[:MAX_CODES]),
    }


def read(session: Session, known: Gazetteer, wanted: Wanted, limit: int) -> Iterator[Noted]:
    """Yield the latest entries, newest first: those about units that the caller sees, and entries
    without a unit by keys bound only to such units. Codes of other records are left out.
    """
    codes = unit_codes(known)
    rows: Any = session.execute(
        SQL.text("audit_entries"),
        {
            **parameter(lineage(known)),
            "codes": None if codes is None else sorted(codes),
            "actor": wanted.actor,
            "unit": wanted.unit,
            "since": wanted.since,
            "refused": wanted.refused,
            "last_day": wanted.last_day,
            "code": wanted.code,
            "operation": wanted.operation,
            "limit": limit,
        },
    )
    for row in rows:
        values = row._asdict()
        yield Noted(**values | {name: tuple(values[name]) for name in ("units", "codes")})


def forget(session: Session, days: int) -> int:
    """Delete entries older than `days`, at least 31; return how many."""
    forgotten: int = session.execute(_FORGET, {"days": days}).scalar_one()
    return forgotten


_FORGET: Final = text("SELECT forget_audit(:days)")
