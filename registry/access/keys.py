"""Named keys: create, list, rotate, revoke. A secret is shown once; only its hash is stored.

A key is `dcs_`, 30 random letters and digits (178 bits), and 6 of a checksum. The prefix lets
people and secret scanners recognise it; the checksum distinguishes a truncated or mistyped key from
an unknown one, without a query. Its SHA-256 is stored: 178 bits cannot be brute-forced, so the slow
hash of a password would only cost each request milliseconds.
"""

import datetime
import hashlib
import secrets
import string
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.access import audit
from registry.access.reach import demand_country
from registry.core.actors import who_acts
from registry.core.days import day_after
from registry.core.errors import ConflictError, InvalidInputError, KeyTruncatedError, NotFoundError
from registry.core.messages import Message
from registry.core.roles import RANK, Role
from registry.core.sql import Statements
from registry.units.gazetteer import VIET_NAM, today

SQL: Final = Statements(__file__, "queries.sql")

PREFIX: Final = "dcs_"
_SYMBOLS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM: Final = 30
_CHECK: Final = 6
LENGTH: Final = len(PREFIX) + _RANDOM + _CHECK
DEFAULT_DAYS: Final = 365
DEFAULT_OVERLAP_H: Final = 24.0
MAX_OVERLAP_H: Final = 24.0 * 90
_TAKEN_NAMES: Final = ("anonymous", "operator")
"""Names of actors without a key."""
MAX_NAME: Final = 100
_KEYS: Final = "cấp và xem khoá"


@dataclass(frozen=True, slots=True)
class NewKey:
    """The properties of a new key."""

    name: str
    role: Role
    units: Sequence[str] = ()
    """Codes of provinces and communes of today: where an editor or approver may write."""
    rate_per_minute: int | None = None
    expires_on: datetime.date | None = None
    """The last day on which it is valid, in Viet Nam; None for a key without expiry."""
    approves_own: bool = False
    """Whether an approver may publish its own deliveries: an authority of one person."""


@dataclass(frozen=True, slots=True)
class KeyMade:
    """A new secret, which is not stored."""

    name: str
    secret: str
    expires_at: datetime.datetime | None
    previous_until: datetime.datetime | None = None
    """Until when the replaced secret is valid as well."""


@dataclass(frozen=True, slots=True)
class KeyDetails:
    """A key as listed."""

    id: int
    name: str
    role: Role
    units: tuple[str, ...]
    rate_per_minute: int | None
    approves_own: bool
    ending: str
    created_at: datetime.datetime
    expires_at: datetime.datetime | None
    revoked_at: datetime.datetime | None
    last_used_at: datetime.datetime | None
    rotated_at: datetime.datetime | None
    previous_until: datetime.datetime | None
    is_account: bool
    """Whether it is an account of an identity provider, without a known secret."""
    widened: tuple[str, ...]
    """Those of its units that a reform added as parts of a split one, to be narrowed."""

    def state(self, now: datetime.datetime) -> str:
        """active | expired | revoked."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= now else "active"


def make_secret() -> str:
    """Return a new secret."""
    body = PREFIX + "".join(secrets.choice(_SYMBOLS) for _ in range(_RANDOM))
    return body + _checksum(body)


def hash_secret(secret: str) -> bytes:
    """Return the hash that is stored.

    Raises KeyTruncatedError for a truncated or mistyped key.
    """
    whole = len(secret) == LENGTH and secret.startswith(PREFIX)
    if not whole or _checksum(secret[:-_CHECK]) != secret[-_CHECK:]:
        raise KeyTruncatedError(Message("key_incomplete", length=LENGTH, prefix=PREFIX))
    return hashlib.sha256(secret.encode()).digest()


def _checksum(body: str) -> str:
    number = zlib.crc32(body.encode("utf-8", "surrogatepass"))
    signs = ""
    for _ in range(_CHECK):
        number, rest = divmod(number, len(_SYMBOLS))
        signs = _SYMBOLS[rest] + signs
    return signs


def create_key(session: Session, new: NewKey) -> KeyMade:
    """Create a key. Raises InvalidInputError, and ConflictError for a name that was ever used.

    Like all operations on keys, only for the operator and administrators of the whole country: an
    administrator of some units could otherwise grant itself more.
    """
    demand_country(_KEYS)
    if new.approves_own:
        _check_approves(new.role)
    name = _checked_name(new.name)
    units = _checked_units(session, new.role, new.units)
    expires_at = _end_of(new.expires_on)
    secret = make_secret()
    key_id = session.execute(
        SQL.text("insert_key"),
        {
            "name": name,
            "hash": hash_secret(secret),
            "role": new.role,
            "rate": new.rate_per_minute,
            "own": new.approves_own,
            "expires_at": expires_at,
            "ending": secret[-4:],
        },
    ).scalar_one_or_none()
    if key_id is None:
        raise ConflictError(Message("key_name_taken", name=repr(name)))
    for unit_id in units.values():
        session.execute(_BIND, {"key": key_id, "unit": unit_id})
    note(session, "keys create", name, tuple(units))
    if new.approves_own:
        note(session, "keys alone", name, tuple(units))
    return KeyMade(name, secret, expires_at)


def list_keys(session: Session) -> list[KeyDetails]:
    """Return all keys by name, including revoked ones. Raises ForbiddenError."""
    demand_country(_KEYS)
    rows = [row._asdict() for row in session.execute(SQL.text("keys"))]
    return [
        KeyDetails(**row | {"units": tuple(row["units"]), "widened": tuple(row["widened"])})
        for row in rows
    ]


def rotate_key(
    session: Session,
    name: str,
    *,
    overlap_h: float = DEFAULT_OVERLAP_H,
    keep_end: bool = True,
    expires_on: datetime.date | None = None,
) -> KeyMade:
    """Give a key a new secret; the current one stays valid for `overlap_h` hours.

    Without `keep_end`, `expires_on` becomes the key's last day.
    Raises NotFoundError, and ConflictError for a revoked key and for an account.
    """
    found = _locked(session, name)
    if found.revoked_at is not None:
        raise ConflictError(Message("named_key_revoked", name=repr(name)))
    if found.is_account:
        raise ConflictError(Message("account_has_no_key", name=repr(name)))
    expires_at = found.expires_at if keep_end else _end_of(expires_on)
    secret = make_secret()
    until = session.execute(
        SQL.text("rotate_key"),
        {
            "id": found.id,
            "hash": hash_secret(secret),
            "ending": secret[-4:],
            "overlap": datetime.timedelta(hours=overlap_h),
            "expires_at": expires_at,
        },
    ).scalar_one()
    note(session, "keys rotate", name, _bound(session, found.id))
    return KeyMade(name, secret, expires_at, until)


def revoke_key(session: Session, name: str) -> bool:
    """Revoke a key; return False if it was revoked already. Raises NotFoundError."""
    found = _locked(session, name)
    if found.revoked_at is not None:
        return False
    session.execute(_REVOKE, {"id": found.id})
    note(session, "keys revoke", name, _bound(session, found.id))
    return True


def readmit_account(session: Session, name: str) -> None:
    """Readmit a revoked account. Raises NotFoundError, and ConflictError for a key, which is
    replaced by a new one instead.
    """
    found = _locked(session, name)
    if not found.is_account:
        raise ConflictError(Message("key_revoked_create_another", name=repr(name)))
    session.execute(_READMIT, {"id": found.id})
    note(session, "accounts readmit", name, _bound(session, found.id))


def bind_key(session: Session, name: str, codes: Sequence[str]) -> tuple[str, ...]:
    """Bind a key to these units instead of its current ones; audited. Returns the former codes.

    Raises NotFoundError, ConflictError for a revoked key, InvalidInputError for a unit that does
    not exist today, or without units if the role needs one.
    """
    found = _locked(session, name)
    if found.revoked_at is not None:
        raise ConflictError(Message("named_key_revoked", name=repr(name)))
    units = _checked_units(session, found.role, codes)
    before = _bound(session, found.id)
    session.execute(_UNBIND, {"id": found.id})
    for unit_id in units.values():
        session.execute(_BIND, {"key": found.id, "unit": unit_id})
    note(session, "keys bind", name, tuple(units))
    return before


def let_approve_own(session: Session, name: str, *, allowed: bool) -> None:
    """Set whether the key may publish its own deliveries; audited. Raises NotFoundError.

    Raises InvalidInputError for a key that cannot approve.
    """
    found = _locked(session, name)
    if allowed:
        _check_approves(found.role)
    session.execute(_APPROVES_OWN, {"id": found.id, "own": allowed})
    note(session, "keys alone" if allowed else "keys not alone", name, _bound(session, found.id))


def _bound(session: Session, key_id: int) -> tuple[str, ...]:
    return tuple(session.scalars(SQL.text("units_of_key"), {"id": key_id}))


def _locked(session: Session, name: str) -> Any:
    demand_country(_KEYS)
    found = session.execute(SQL.text("lock_key"), {"name": name}).one_or_none()
    if found is None:
        raise NotFoundError(Message("key_name_unknown", name=repr(name)))
    return found


def _check_approves(role: Role) -> None:
    if RANK[role] < RANK["approver"]:
        raise InvalidInputError(Message("role_cannot_approve", role=role))


def _checked_name(name: str) -> str:
    name = name.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable() or name in _TAKEN_NAMES:
        raise InvalidInputError(Message("key_name_invalid", most=MAX_NAME))
    return name


def _checked_units(session: Session, role: Role, codes: Sequence[str]) -> dict[str, int]:
    """Map codes to ids; refuse units for a role that does not write, and none for an authority."""
    if codes and RANK[role] < RANK["viewer"]:
        raise InvalidInputError(Message("role_writes_nothing", role=role))
    if not codes and role in ("editor", "approver"):
        raise InvalidInputError(Message("role_needs_unit", role=role))
    found = {
        row.code: row.id
        for row in session.execute(SQL.text("units_by_code"), {"codes": list(codes)})
    }
    for code in codes:
        if code not in found:
            raise InvalidInputError(Message("no_unit_today", code=code))
    return found


def _end_of(day: datetime.date | None) -> datetime.datetime | None:
    """Return the end of a day in Viet Nam."""
    if day is not None and day < today():
        raise InvalidInputError(Message("day_has_passed", day=day))
    after = day_after(day)
    return datetime.datetime.combine(after, datetime.time(), VIET_NAM) if after else None


def note(session: Session, what: str, name: str, units: tuple[str, ...] = ()) -> None:
    """Write an audit entry on a change of a key."""
    audit.record(session, audit.Entry(*who_acts(), f"{what}: {name}", units))


_BIND: Final = text("INSERT INTO api_key_unit (key_id, unit_id) VALUES (:key, :unit)")
_UNBIND: Final = text("DELETE FROM api_key_unit WHERE key_id = :id")
_APPROVES_OWN: Final = text("UPDATE api_key SET approves_own = :own WHERE id = :id")
_READMIT: Final = text("UPDATE api_key SET revoked_at = NULL WHERE id = :id")
_REVOKE: Final = text("UPDATE api_key SET revoked_at = clock_timestamp() WHERE id = :id")
