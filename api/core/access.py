"""Access control: each endpoint declares the least role that may call it.

`api.core.endpoint` holds the declaration, `guard` enforces it. An endpoint without a declaration is
open to admins only. The function given to `create_app` identifies the caller; `by_key`, the
default, reads the API key or, where the endpoint accepts it, the desk session
(`api.core.sessions`). The caller then acts (`registry.core.actors`): the database lets it write in
its own units only, and look-ups of unknown codes are charged to its budget.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from flask import Flask, current_app, g
from flask.globals import request_ctx

from api.core.bodies import max_body_bytes
from api.core.context import client_network, register
from api.core.endpoint import UNDECLARED, Facts, facts_of
from api.core.hooks import Before
from api.core.limits import Limits, has_key, too_many
from api.core.requests import SAFE_METHODS, Request
from api.core.sessions import sent_token
from api.core.turns import check_turn
from registry.access.budget import carried, carry
from registry.core.actors import ANONYMOUS, Actor, act_as
from registry.core.errors import (
    ForbiddenError,
    KeyRequiredError,
    KeyTruncatedError,
    RegistryError,
)
from registry.core.events import written_for
from registry.core.messages import Message
from registry.core.replica import ask_at, chosen_place
from registry.core.roles import Role
from registry.core.settings import Settings
from registry.register import Register

__all__ = [
    "ANONYMOUS",
    "Authenticate",
    "Caller",
    "as_caller",
    "by_key",
    "caller",
    "guard",
    "limit_sign_ins",
    "name_caller_without_key",
    "nobody",
    "sign_in",
    "sign_in_account",
]

_EXTENSION: Final = "diachiso_access"
_BEARER: Final = "bearer"

Part = TypeVar("Part")

Caller = Actor
"""Has `name`, `role` and `unit_ids`: the communes in which it may write, None for all."""
Authenticate = Callable[[Request], Caller]
"""Returns the caller of a request; raises KeyRequiredError for an unknown key."""


def nobody(_request: Request) -> Caller:
    """Treat every caller as anonymous; keys are ignored."""
    return ANONYMOUS


def by_key(register: Register, limits: Limits | None) -> Authenticate:
    """Identify callers by their key; without a key they are anonymous.

    Invalid keys are rejected even on public endpoints: a caller that sends a key relies on it.
    """

    def authenticate(asked: Request) -> Caller:
        secret = _sent_key(asked)
        if secret is None:
            token = sent_token(asked) if _takes_session(asked) else None
            return (register.keys.of_session(token) if token else None) or ANONYMOUS
        return holder_of(register, limits, secret, writing=_writes(asked))

    return authenticate


def holder_of(register: Register, limits: Limits | None, secret: str, *, writing: bool) -> Caller:
    """Return the holder of a key sent with this request; failed attempts are limited.

    Raises the kinds of KeyRequiredError, and TooManyRequestsError.
    """
    network = client_network()
    if limits is not None and not register.keys.knows(secret):
        limits.check_failures(network)
    try:
        return register.keys.actor(secret, writing=writing)
    except KeyRequiredError:
        if limits is not None:
            limits.count_failure(network)
        raise


def sign_in(secret: str) -> Caller:
    """Make the holder of this key, sent in a form, the caller of the current request.

    Raises as `holder_of` does.
    """
    access: _Access = current_app.extensions[_EXTENSION]
    g.caller = found = holder_of(register(), access.limits, secret, writing=True)
    return found


def sign_in_account(key_id: int) -> Caller:
    """Make this account the caller of the current request. Raises the kinds of KeyRequiredError."""
    g.caller = found = register().keys.holder(key_id)
    return found


def name_caller_without_key(name: str) -> None:
    """Name the caller, identified by something other than a key, for the audit log.

    Counts the request by network address; raises TooManyRequestsError.
    """
    access: _Access = current_app.extensions[_EXTENSION]
    g.caller = Caller(name, ANONYMOUS.role, ANONYMOUS.unit_ids)
    if access.limits is not None:
        _count(access.limits, caller(), _facts(request_ctx.request.endpoint))


@contextmanager
def limit_sign_ins() -> Iterator[None]:
    """Limit failed sign-ins by network; raises TooManyRequestsError after too many."""
    access: _Access = current_app.extensions[_EXTENSION]
    network = client_network()
    if access.limits is not None:
        access.limits.check_failures(network)
    try:
        yield
    except ForbiddenError:
        if access.limits is not None:
            access.limits.count_failure(network)
        raise


def _writes(asked: Request) -> bool:
    """Whether a request may write."""
    return asked.method not in SAFE_METHODS and _facts(asked.endpoint).writes


def _takes_session(asked: Request) -> bool:
    """Whether a session identifies the caller here; open endpoints answer everybody alike."""
    access: _Access = current_app.extensions[_EXTENSION]
    return not access.settings.anonymous_reads or _facts(asked.endpoint).takes_session


def _facts(endpoint: str | None) -> Facts:
    return facts_of(current_app, endpoint) if endpoint else UNDECLARED


def _sent_key(asked: Request) -> str | None:
    """Return the key sent with a request; raises KeyTruncatedError for two, or half of one."""
    alone, authorization = asked.headers.get("X-Api-Key"), asked.headers.get("Authorization")
    if authorization is None:
        return alone.strip() if alone is not None else None
    scheme, _, bearer = authorization.strip().partition(" ")
    if scheme.lower() != _BEARER or not bearer.strip():
        raise KeyTruncatedError(Message("bearer_key_required"))
    if alone is not None and alone.strip() != bearer.strip():
        raise KeyTruncatedError(Message("two_keys_given"))
    return bearer.strip()


@dataclass(frozen=True, slots=True)
class _Access:
    authenticate: Authenticate
    limits: Limits | None
    settings: Settings

    def role(self, facts: Facts) -> Role:
        """Return the least role that may call an endpoint under these settings."""
        return (
            "anonymous"
            if facts.opened_by and getattr(self.settings, facts.opened_by)
            else facts.role
        )


def guard(
    app: Flask,
    authenticate: Authenticate,
    limits: Limits | None,
    settings: Settings,
) -> None:
    """Prepare `app` to check every request against the facts of its endpoint (`check_caller`).

    Where the settings refuse anonymous reads, endpoints that read a caller's key require one.
    """
    app.extensions[_EXTENSION] = _Access(authenticate, limits, settings)
    app.teardown_request(_reset)


def caller() -> Caller:
    """Return the caller of the current request."""
    found: Caller = g.caller if "caller" in g else ANONYMOUS
    return found


def as_caller(parts: Iterator[Part]) -> Iterator[Part]:
    """Generate the parts of a streamed body on behalf of the caller.

    Flask has ended the request by then, and another thread may fetch the next part.
    """
    asking, purse, place = caller(), carried(), chosen_place()

    def generate() -> Iterator[Part]:
        while True:
            act_as(asking)
            carry(purse)
            ask_at(place)
            try:
                part = next(parts)
            except StopIteration:
                return
            finally:
                _reset(None)
            yield part

    return generate()


def check_caller(app: Flask, facts: Facts | None) -> Before:
    """Make a hook that refuses callers below the endpoint's role."""
    if facts is None:  # unknown path: answered without a key
        return lambda _asked: act_as(ANONYMOUS)
    access: _Access = app.extensions[_EXTENSION]
    role, own = access.role(facts), not facts.replica
    needs_key = not access.settings.anonymous_reads

    def check(asked: Request) -> None:
        act_as(ANONYMOUS)
        _choose_place(own=own)
        asking = access.authenticate(asked)
        g.caller = asking
        act_as(asking)
        written_for(asked.id)
        if not own and asking.may("viewer"):  # likely to read its own writes
            _choose_place(own=True)
        if access.limits is not None:
            _count(access.limits, asking, facts)
        if needs_key and not has_key(asking):
            raise KeyRequiredError(Message("key_required"))
        if not asking.may(role):
            if not has_key(asking):
                raise KeyRequiredError(Message("role_key_required", role=role))
            raise ForbiddenError(Message("role_insufficient", role=asking.role, required=role))

    def check_nobody(_asked: Request) -> None:
        act_as(ANONYMOUS)
        _choose_place(own=own)

    return check if facts.reads_key else check_nobody


def count_rows(rows: int) -> None:
    """Count the rows of a batch without a key; raises TooManyRequestsError for too many."""
    access: _Access = current_app.extensions[_EXTENSION]
    if access.limits is not None:
        access.limits.count_rows(caller(), client_network(), rows)


def admitted_bytes() -> int:
    """Return the largest body this request may send; 0 if its caller will be refused.

    Raises BusyError if no turn is free to process it.
    """
    asked: Request = request_ctx.request  # type: ignore[assignment]
    access: _Access = current_app.extensions[_EXTENSION]
    try:
        facts = _facts(asked.endpoint)
        if not asked.endpoint or not access.authenticate(asked).may(access.role(facts)):
            return 0
    except RegistryError:
        return 0  # reported and counted when the request is answered
    if facts.in_turn:
        check_turn()
    return max_body_bytes(facts, register().settings)


def _choose_place(*, own: bool) -> None:
    replica = register().replica
    ask_at(replica.choose(own=own) if replica else None)


def _count(limits: Limits, asking: Caller, facts: Facts) -> None:
    network = client_network()
    g.rate = rate = limits.count(asking, network, often=facts.own_rate)
    if rate.asked > rate.limit:
        raise too_many()
    g.purse = limits.purse(asking, network)
    carry(g.purse if facts.discloses else limits.empty_purse)


def _reset(_error: BaseException | None) -> None:
    """Clear the caller of this thread."""
    act_as(None)
    written_for(None)
    carry(None)
    ask_at(None)
