"""Sessions of the desk: a key is exchanged for a cookie, so that the browser need not keep it.

What the cookie holds is random and kept as its SHA-256, like a key; who has it is the key's holder,
with the role and the units that the key has at that moment. A session ends when it is left, after
an hour without use, after ten hours, and with its key.
"""

import hashlib
import hmac
import secrets
from typing import Final

from sqlalchemy import text
from sqlalchemy.orm import Session

from registry.core.sql import Statements

SQL: Final = Statements(__file__, "queries.sql")

IDLE_MINUTES: Final = 60
WHOLE_HOURS: Final = 10
_BYTES: Final = 32

LIFE: Final = {"idle_minutes": IDLE_MINUTES, "whole_hours": WHOLE_HOURS}
"""Inputs of the statements that know how long a session lives."""


def begin_session(session: Session, key_id: int) -> str:
    """Begin a session of the key, and answer what its cookie holds; those that are over go."""
    token = secrets.token_urlsafe(_BYTES)
    session.execute(SQL.text("forget_sessions"), LIFE)
    session.execute(_BEGIN, {"hash": hash_token(token), "key": key_id})
    return token


def end_session(session: Session, token: str) -> None:
    """End the session of this cookie, if there is one."""
    session.execute(_END, {"hash": hash_token(token)})


def touch_session(session: Session, hashed: bytes) -> None:
    """Keep when a session was used last, to the minute."""
    session.execute(SQL.text("touch_session"), {"hash": hashed})


def hash_token(token: str) -> bytes:
    """What is kept of a cookie."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def form_token(token: str) -> str:
    """What a form of this session carries, so that no other site can send one."""
    return hmac.digest(token.encode("utf-8", "surrogatepass"), b"form", "sha256").hex()


def is_form_token(token: str, given: str) -> bool:
    """Whether a form was made for this session."""
    return hmac.compare_digest(form_token(token).encode(), given.encode("utf-8", "surrogatepass"))


_BEGIN: Final = text("INSERT INTO desk_session (token_hash, key_id) VALUES (:hash, :key)")
_END: Final = text("DELETE FROM desk_session WHERE token_hash = :hash")
