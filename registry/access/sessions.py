"""Sessions of the desk: a key is exchanged for a cookie, so that the browser need not keep it.

The cookie's token is random and stored as its SHA-256, like a key; its bearer acts as the key's
holder, with the current role and units of the key. A session ends on sign-out, after an hour
without use, after ten hours, and with its key.
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
"""Inputs of statements: the lifetime of a session."""


def begin_session(session: Session, key_id: int) -> str:
    """Start a session of the key, and return the cookie's token; delete expired sessions."""
    token = secrets.token_urlsafe(_BYTES)
    session.execute(SQL.text("forget_sessions"), LIFE)
    session.execute(_BEGIN, {"hash": hash_token(token), "key": key_id})
    return token


def end_session(session: Session, token: str) -> None:
    """End the session of this token, if there is one."""
    session.execute(_END, {"hash": hash_token(token)})


def touch_session(session: Session, hashed: bytes) -> None:
    """Record the last use of a session, to the minute."""
    session.execute(SQL.text("touch_session"), {"hash": hashed})


def hash_token(token: str) -> bytes:
    """Return the hash that is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def form_token(token: str) -> str:
    """Return the CSRF token of the session's forms."""
    return hmac.digest(token.encode("utf-8", "surrogatepass"), b"form", "sha256").hex()


def is_form_token(token: str, given: str) -> bool:
    """Whether a form's token is of this session."""
    return hmac.compare_digest(form_token(token).encode(), given.encode("utf-8", "surrogatepass"))


_BEGIN: Final = text("INSERT INTO desk_session (token_hash, key_id) VALUES (:hash, :key)")
_END: Final = text("DELETE FROM desk_session WHERE token_hash = :hash")
