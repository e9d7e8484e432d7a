"""Authenticate keys: read from the database at most every five seconds per key, else from memory.

The database of the query is used. A replica lags, and may be disconnected without noticing: it is
trusted for reads while its newest commit is a few seconds old, else the primary is asked; if that
does not answer, the replica is trusted up to an age set by the operator. Writes always need the
primary.
"""

import datetime
import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from registry.access.keys import hash_secret
from registry.access.sessions import LIFE, hash_token, touch_session
from registry.core.actors import Actor, EndedUnit
from registry.core.database import session_scope
from registry.core.errors import (
    DatabaseUnavailableError,
    KeyExpiredError,
    KeyRequiredError,
    KeyRevokedError,
    KeyUnknownError,
    RegistryError,
)
from registry.core.messages import Message
from registry.core.reads import Reads, Row
from registry.core.replica import Replica
from registry.core.roles import RANK, Role
from registry.core.sql import Statements
from registry.units.gazetteer import Gazetteer, Unit, today
from registry.units.gazetteer_cache import GazetteerCache
from registry.units.onward import continuations

SQL: Final = Statements(__file__, "queries.sql")

CACHED_S: Final = 5.0
"""Maximum delay of a revocation wherever the primary is asked."""
_FRESH_S: Final = 5.0
"""Maximum age of a replica's newest commit: the additional delay where the replica is asked."""
_MOST: Final = 10_000
"""Maximum keys in memory, including unknown ones."""


@dataclass(frozen=True, slots=True)
class _Known:
    checked_at: float
    actor: Actor | None
    refusal: Callable[[], KeyRequiredError]
    """The error if there is no valid holder."""
    sure: bool
    """Whether it was read from the primary."""
    ends: float = float("inf")
    """Seconds since 1970."""
    units_of: Gazetteer | None = None
    """The map by which its units were resolved; None for a key without units."""

    def holder(self) -> Actor:
        """Return the holder of the key; raises if it is invalid or has ended."""
        if self.actor is None:
            raise self.refusal()
        if self.ends <= time.time():
            raise _expired()
        return self.actor


class KeyCheck:
    """Authenticates keys, from memory if recent enough.

    `engine` is the primary's; `reads` may be a replica's, whose word counts up to `replica_age_s`.
    """

    def __init__(
        self,
        reads: Reads | Replica,
        engine: Engine,
        gazetteer: GazetteerCache,
        replica_age_s: float | None = None,
    ) -> None:
        self._reads = reads
        self._engine = engine
        self._replica_age_s = replica_age_s
        self._gazetteer = gazetteer
        self._known: dict[bytes, _Known] = {}
        self._map: tuple[Gazetteer, datetime.date] | None = None
        self._members: dict[int, frozenset[int]] = {}
        """Unit → its communes on that map: a province has a hundred, and many keys."""

    def actor(self, secret: str, *, writing: bool = False) -> Actor:
        """Return the holder of the key `secret`; for `writing`, from the primary.

        Raises the kinds of KeyRequiredError: truncated, unknown, expired, revoked; and
        DatabaseUnavailableError, because a key that cannot be checked is not accepted.
        """
        hashed = _hash(secret)
        known, now = self._known.get(hashed), time.monotonic()
        if (
            known is None
            or now - known.checked_at >= CACHED_S
            or (writing and not known.sure)
            or not self._is_of_today(known, writing=writing)
        ):
            known = self._ask(hash_secret(secret), now, writing=writing)
        return known.holder()

    def _is_of_today(self, known: _Known, *, writing: bool) -> bool:
        """Whether the communes of a key are of the map used for the answer."""
        if known.units_of is None:
            return True
        return known.units_of is (self._gazetteer.newest() if writing else self._gazetteer.get())

    def holder(self, key_id: int) -> Actor:
        """Return the current holder of a key by id, for jobs requested with it.

        Raises as `actor` does, where the key would not be taken any more.
        """
        row = self._row(SQL.driver("key_of_number"), {"id": key_id}, writing=True)
        return self._judge(row, time.monotonic()).holder()

    def of_session(self, token: str) -> Actor | None:
        """Return the user of a desk session; None if the session, or its key, has ended.

        Asked of the primary each time: whoever left is gone at once, everywhere.
        """
        with session_scope(self._engine) as session:
            hashed = hash_token(token)
            row = session.execute(SQL.text("key_of_session"), {"hash": hashed} | LIFE).one()
            try:
                holder = self._judge(tuple(row), time.monotonic()).holder()
            except KeyRequiredError:
                return None
            touch_session(session, hashed)
            return holder

    def knows(self, secret: str) -> bool:
        """Whether the key is in memory and valid, so that its sender need not be throttled."""
        known = self._known.get(_hash(secret))
        return known is not None and known.actor is not None

    def _ask(self, hashed: bytes, now: float, *, writing: bool) -> _Known:
        known = self._judge(
            self._row(SQL.driver("key_of_hash"), {"hash": hashed}, writing=writing), now
        )
        if len(self._known) >= _MOST:
            self._known.clear()
        self._known[hashed] = known
        return known

    def _row(self, statement: str, given: Mapping[str, object], *, writing: bool) -> Row:
        """Return the row of a key from a database that is trusted for this request."""
        row: Row | None = None
        if self._replica_age_s is None:
            return self._reads.rows(statement, given)[0]
        if not writing:
            with suppress(DatabaseUnavailableError):
                row = self._reads.rows(statement, given)[0]
            if row is not None and _is_enough(row):
                return row
        try:
            with session_scope(self._engine) as session:
                return tuple(session.connection().exec_driver_sql(statement, given).one())
        except DatabaseUnavailableError:
            if row is None or row[0] > self._replica_age_s:
                raise
            return row

    def _judge(self, row: Row, now: float) -> _Known:
        age_s, key_id, name, role, rate, own, ends, revoked, replaced, used_lately, unit_ids = row
        sure = age_s is None
        if key_id is None:
            return _Known(now, None, _unknown, sure)
        if revoked or replaced:
            return _Known(now, None, _revoked if revoked else _replaced, sure)
        # If only a replica answers, do not wait for the primary.
        if not used_lately and _is_enough(row):
            self._touch(key_id)
        known, (units, ended), communes = self._gazetteer.of_one_map(
            lambda: (
                self._gazetteer.get(),
                self._units(unit_ids),
                self._communes(role, unit_ids),
            )
        )
        actor = Actor(
            name,
            role,
            communes if RANK[role] >= RANK["editor"] else frozenset(),
            key_id,
            rate,
            units,
            datetime.datetime.fromtimestamp(ends, datetime.UTC) if ends is not None else None,
            bool(own),
            ended,
            communes if role == "viewer" else frozenset(),
        )
        until = ends if ends is not None else float("inf")
        return _Known(now, actor, _expired, sure, until, known if unit_ids else None)

    def _communes(self, role: Role, unit_ids: list[int]) -> frozenset[int] | None:
        """Return today's communes of a key; empty unless it is an authority's."""
        if RANK[role] < RANK["viewer"]:
            return frozenset()
        if not unit_ids:
            # An admin is bound to nothing, and a viewer of the whole country neither; an authority
            # without units is authority over nothing.
            return None if role in ("admin", "viewer") else frozenset()
        known, day = self._gazetteer.get(), today()
        if self._map is None or self._map[0] is not known or self._map[1] != day:
            self._map, self._members = (known, day), {}
        members = self._members  # another thread may replace it
        found: set[int] = set()
        for unit_id in unit_ids:
            if unit_id not in members:
                members[unit_id] = _communes_of(known, day, unit_id)
            found |= members[unit_id]
        return frozenset(found)

    def _units(self, unit_ids: list[int]) -> tuple[tuple[str, ...] | None, tuple[EndedUnit, ...]]:
        """`Actor.units` and `Actor.ended`."""
        if not unit_ids:
            return None, ()
        known, day = self._gazetteer.get(), today()
        units = sorted((known.units[i] for i in unit_ids if i in known.units), key=lambda u: u.code)
        ended = (_ended(known, unit, unit.ended, day) for unit in units if unit.ended is not None)
        return tuple(u.code for u in units if u.alive_on(day)), tuple(ended)

    def _touch(self, key_id: int) -> None:
        """Record the last use; if that cannot be written, the key is valid all the same."""
        with suppress(RegistryError, DBAPIError), session_scope(self._engine) as session:
            session.execute(SQL.text("touch_key"), {"id": key_id})


def _is_enough(row: Row) -> bool:
    """Whether a row suffices without asking another database.

    A replica may not have heard yet of a key that it does not know.
    """
    age_s, key_id, *_ = row
    return age_s is None or (key_id is not None and age_s <= _FRESH_S)


def _communes_of(known: Gazetteer, day: datetime.date, unit_id: int) -> frozenset[int]:
    unit = known.units.get(unit_id)
    if unit is None:
        return frozenset()
    members = known.members(unit, day) if unit.level == "province" else [unit]
    return frozenset(m.id for m in members if m.level == "commune" and m.alive_on(day))


def _ended(known: Gazetteer, unit: Unit, ended: datetime.date, day: datetime.date) -> EndedUnit:
    last = ended - datetime.timedelta(days=1)
    heirs = (onward.unit for onward in continuations(known, unit, day))
    successors = tuple((heir.code, heir.version_on(day).full_name) for heir in heirs)
    return EndedUnit(unit.code, unit.version_on(last).full_name, last, successors)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _unknown() -> KeyRequiredError:
    return KeyUnknownError(Message("key_unknown"))


def _expired() -> KeyRequiredError:
    return KeyExpiredError(Message("key_expired"))


def _replaced() -> KeyRequiredError:
    return KeyExpiredError(Message("key_replaced"))


def _revoked() -> KeyRequiredError:
    return KeyRevokedError(Message("key_revoked"))
