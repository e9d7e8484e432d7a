"""Accounts of an identity provider: they act, and are audited, as keys without a known secret.

An account is identified by a hash of its issuer and subject, and named by its first unit and a few
random characters: no personal data is stored. The issuer sets role and units at each sign-in.

An account needs what a key has: role, units, limits, audit, revocation. Secrets are 178 random bits
stored as SHA-256: slow hashes protect chosen secrets only. What the provider withdraws counts at
the next sign-in, at most ten hours later.
"""

import datetime
import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.access.keys import bind_key, note
from registry.core.actors import Actor, acting_as
from registry.core.errors import AccountRefusedError, InvalidInputError, KeyRevokedError
from registry.core.messages import Message
from registry.core.roles import RANK, Role
from registry.core.sql import Statements
from registry.units.gazetteer import Gazetteer, today
from registry.units.onward import continuations

SQL: Final = Statements(__file__, "queries.sql")

ROLES: Final[tuple[Role, ...]] = ("viewer", "editor", "approver", "admin")
"""Roles that an issuer may give; carriers and shops have keys."""
COUNTRY: Final = "VN"
"""Given in place of codes for a viewer or administrator of the whole country."""
_IS_CODE: Final = re.compile("[0-9]{2,5}")
_SHOWN: Final = 20
_SIGNS: Final = 3


@dataclass(frozen=True, slots=True)
class Account:
    """An account as asserted by its issuer."""

    issuer: str
    subject: str
    role: Role
    units: Sequence[str]
    """Codes of units, or COUNTRY alone."""

    @property
    def hashed(self) -> bytes:
        """The hash that identifies it."""
        return hashlib.sha256(f"{self.issuer}\n{self.subject}".encode()).digest()


def admit_account(session: Session, known: Gazetteer, account: Account) -> int:
    """Create or update the account with its asserted role and units; return the id of its row.

    Changes are audited. Raises AccountRefusedError for invalid or missing units; KeyRevokedError
    for an account that was revoked in this register.
    """
    units = _units_of(known, account)
    hashed = account.hashed
    found = session.execute(SQL.text("account_of_subject"), {"subject": hashed}).one_or_none()
    if found is None:
        made = {"name": _name(known, account.role, units), "role": account.role, "subject": hashed}
        # If another node created it concurrently, that row is used.
        session.execute(SQL.text("insert_account"), made | {"hash": secrets.token_bytes(32)})
        found = session.execute(SQL.text("account_of_subject"), {"subject": hashed}).one()
    if found.revoked_at is not None:
        raise KeyRevokedError(Message("account_revoked"))
    with acting_as(Actor(found.name, account.role, key_id=found.id)):
        if found.role != account.role:
            own = found.approves_own and RANK[account.role] >= RANK["approver"]
            session.execute(_SET_ROLE, {"id": found.id, "role": account.role, "own": own})
            note(session, f"accounts role {found.role} → {account.role}", found.name)
        if sorted(found.units) != units:
            try:
                bind_key(session, found.name, units)
            except InvalidInputError as error:
                raise AccountRefusedError(error.message, reason="units") from error
    return int(found.id)


def is_account(session: Session, key_id: int | None) -> bool:
    """Whether it is an issuer's account rather than a key."""
    return bool(session.execute(SQL.text("is_account"), {"id": key_id}).scalar_one())


def _units_of(known: Gazetteer, account: Account) -> list[str]:
    """Return codes of today's units; an ended unit is replaced by its successor."""
    if list(account.units) == [COUNTRY] and account.role in ("viewer", "admin"):
        return []
    if not account.units:
        raise AccountRefusedError(
            Message("account_unit_not_named"),
            reason="units",
        )
    if wrong := [code for code in account.units if not _IS_CODE.fullmatch(code)]:
        raise AccountRefusedError(
            Message("no_unit_today", code=repr(wrong[0][:_SHOWN])), reason="units"
        )
    day = today()
    return sorted({_living(known, code, day) for code in account.units})


def _living(known: Gazetteer, code: str, day: datetime.date) -> str:
    bearers = known.with_code(code)
    if not bearers:
        return code  # binding it reports an invalid one
    living = next((unit for unit in bearers if unit.alive_on(day)), bearers[0])
    heirs = [step.unit for step in continuations(known, living, day)]
    if len(heirs) != 1:
        names = ", ".join(f"{unit.version_on(day).full_name} ({unit.code})" for unit in heirs)
        raise AccountRefusedError(
            Message("account_unit_ended", code=code, names=names or "–"),
            reason="units",
        )
    return heirs[0].code


def _name(known: Gazetteer, role: Role, units: Sequence[str]) -> str:
    """Return its permanent name in events and in the audit log."""
    day, signs = today(), secrets.token_hex(_SIGNS)
    living = (unit for code in units for unit in known.with_code(code) if unit.alive_on(day))
    first = next((unit.version_on(day).full_name for unit in living), None)
    if first is None:
        return f"{'Quản trị' if role == 'admin' else 'Cả nước'} · {signs}"
    return f"{first}{' …' if len(units) > 1 else ''} · {signs}"


_SET_ROLE: Final = text("UPDATE api_key SET role = :role, approves_own = :own WHERE id = :id")
