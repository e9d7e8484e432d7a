"""The audit log: who wrote or read much over HTTP, and who was refused it.

It holds no query and no text of a request. A caller without a key is known by a hash of the
network address, under a secret of the database and of the day: entries of one day belong together,
those of two days do not, and nobody gets the address back without the secret.
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
"""So many codes of an operation are written down; its event has all of them."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down."""

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
    """Of the lifecycle, as events call it: done, asked for or refused."""
    codes: tuple[str, ...] = ()
    """Canonical, that such an operation named or wrote."""


@dataclass(frozen=True, slots=True)
class Noted:
    """An entry as it is read, with what its event says."""

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
    """Kind of the event, or the operation of the lifecycle that did not come to one."""
    codes: tuple[str, ...]
    reason: str | None
    decision_number: str | None
    asked_by: str | None
    """Actor of the event: another one than who approved it."""
    second_person: str | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which entries are read; None for all."""

    actor: str | None = None
    unit: str | None = None
    since: datetime.datetime | None = None
    refused: bool = False
    """Only what was not done."""
    last_day: datetime.datetime | None = None
    """Until the end of the day that begins then."""
    code: str | None = None
    """Canonical: what was done to this record, or tried."""
    operation: str | None = None
    """Kind of the event."""


class Clients:
    """Names for callers without a key, which are no network addresses."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._key: bytes | None = None
        self._day: datetime.date | None = None
        self._of_day = b""

    def name(self, caller: str) -> str:
        """Sixteen signs for a caller, as `network_of` or a count calls it, others each day."""
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
    """The address, or the network of an IPv6 one, which gives each computer as many as it likes.

    An IPv4 address is one caller however it is written: mapped, translated (NAT64), as 6to4, of
    which each has 65,536 networks, and with the port that some proxies add. What is no address, as
    of a socket file, is one caller.

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
    """Write an entry down, in the session's transaction."""
    session.execute(SQL.text("audit"), _columns(entry))


def record_soon(engine: Engine, entry: Entry) -> None:
    """Write an entry down in a transaction of its own, by one message to the database.

    It does not wait for the disk: with a crash of the server some milliseconds of entries are lost;
    of writes, never the event. Raises what session_scope raises.
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
    """The latest entries, the newest first: those about units that the caller sees, and of those
    about no unit what keys did that are bound to such units only. Codes of records elsewhere are
    left out.
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
    """Remove entries older than `days`, at least 31; returns how many."""
    forgotten: int = session.execute(_FORGET, {"days": days}).scalar_one()
    return forgotten


_FORGET: Final = text("SELECT forget_audit(:days)")
