"""The one gate: every endpoint declares who may use it, and a caller below that is refused.

`api.core.endpoint` declares it, `guard` enforces it. An endpoint that declares nothing is closed
to all but an admin, so nothing is open because somebody forgot. Who a caller is, is answered by the
function given to `create_app`, `by_key` unless a test says otherwise: its key, or where that is
declared the session of the desk (`api.core.sessions`). From here on the caller acts
(`registry.core.actors`): the database lets it write in its units only, and codes that it looks
for in vain are paid from its budget.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from flask import Flask, current_app, g
from flask.globals import request_ctx

from api.core.bodies import most_bytes
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
    "caller_beside_keys",
    "guard",
    "limited_tries",
    "nobody",
    "sign_in",
    "sign_in_account",
]

_EXTENSION: Final = "diachiso_access"
_BEARER: Final = "bearer"

Part = TypeVar("Part")

Caller = Actor
"""Who asks: `name` and `role`, `unit_ids` (communes in which it may write, None for everywhere)."""
Authenticate = Callable[[Request], Caller]
"""Answers who sends a request; raises KeyRequiredError for a key that is not known."""


def nobody(_request: Request) -> Caller:
    """Everybody is anonymous: no key is looked at."""
    return ANONYMOUS


def by_key(register: Register, limits: Limits | None) -> Authenticate:
    """Who holds the key of a request; without one, everybody.

    A key that is none is refused also where none is needed: whoever sends it believes in it.
    """

    def authenticate(asked: Request) -> Caller:
        secret = _secret(asked)
        if secret is None:
            token = sent_token(asked) if _takes_session(asked) else None
            return (register.keys.of_session(token) if token else None) or ANONYMOUS
        return holder_of(register, limits, secret, writing=_writes(asked))

    return authenticate


def holder_of(register: Register, limits: Limits | None, secret: str, *, writing: bool) -> Caller:
    """Who holds a key that this request brought; trying out keys is limited.

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
    """From here on the request is of who holds this key, which it brought in its form.

    Raises as `holder_of` does.
    """
    access: _Access = current_app.extensions[_EXTENSION]
    g.caller = found = holder_of(register(), access.limits, secret, writing=True)
    return found


def sign_in_account(key_id: int) -> Caller:
    """From here on the request is of this account. Raises the kinds of KeyRequiredError."""
    g.caller = found = register().keys.holder(key_id)
    return found


def caller_beside_keys(name: str) -> None:
    """From here on the request is of who proved something else than a key, for the audit log.

    It is counted by its network address; raises TooManyRequestsError.
    """
    access: _Access = current_app.extensions[_EXTENSION]
    g.caller = Caller(name, ANONYMOUS.role, ANONYMOUS.unit_ids)
    if access.limits is not None:
        _count(access.limits, caller(), _facts(request_ctx.request.endpoint))


@contextmanager
def limited_tries() -> Iterator[None]:
    """In the block somebody tries to sign in; raises TooManyRequestsError where many failed."""
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
    """Whether a session counts here: what is open to everybody answers all alike."""
    access: _Access = current_app.extensions[_EXTENSION]
    return not access.settings.anonymous_reads or _facts(asked.endpoint).takes_session


def _facts(endpoint: str | None) -> Facts:
    return facts_of(current_app, endpoint) if endpoint else UNDECLARED


def _secret(asked: Request) -> str | None:
    """The key that a request carries; raises KeyTruncatedError where it carries two, or half."""
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
        """The least role that may call an endpoint, as this server is set up."""
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
    app.teardown_request(_leave)


def caller() -> Caller:
    """Who sent this request."""
    found: Caller = g.caller if "caller" in g else ANONYMOUS
    return found


def as_caller(parts: Iterator[Part]) -> Iterator[Part]:
    """The parts of a body that is made while it is sent: each is made as its caller's.

    By then the request is over for Flask, and another thread may ask for the next part.
    """
    asking, purse, place = caller(), carried(), chosen_place()

    def made() -> Iterator[Part]:
        while True:
            act_as(asking)
            carry(purse)
            ask_at(place)
            try:
                part = next(parts)
            except StopIteration:
                return
            finally:
                _leave(None)
            yield part

    return made()


def check_caller(app: Flask, facts: Facts | None) -> Before:
    """Before each request: whether its caller may call the endpoint."""
    if facts is None:  # answered without a key: there is no such endpoint
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
        if not own and asking.may("viewer"):  # and so, as a rule, writes
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
    """Count the rows of a batch; raises TooManyRequestsError for too many without a key."""
    access: _Access = current_app.extensions[_EXTENSION]
    if access.limits is not None:
        access.limits.count_rows(caller(), client_network(), rows)


def admitted_bytes() -> int:
    """How large a body this request may have; 0 where its caller is refused for any.

    Raises BusyError where it would be taken in for nothing.
    """
    asked: Request = request_ctx.request  # type: ignore[assignment]
    access: _Access = current_app.extensions[_EXTENSION]
    try:
        facts = _facts(asked.endpoint)
        if not asked.endpoint or not access.authenticate(asked).may(access.role(facts)):
            return 0
    except RegistryError:
        return 0  # told when the request is answered, and counted then
    if facts.in_turn:
        check_turn()
    return most_bytes(facts, register().settings)


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


def _leave(_error: BaseException | None) -> None:
    """What runs in this thread later acts for nobody."""
    act_as(None)
    written_for(None)
    carry(None)
    ask_at(None)
