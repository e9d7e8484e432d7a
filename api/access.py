"""The one gate: every endpoint declares who may use it, and a caller below that is refused.

`requires` marks an endpoint, `guard` enforces the marks. An endpoint without one is closed to all
but an admin, so nothing is open because somebody forgot. Who a caller is, is answered by the
function given to `create_app`; `nobody` knows no key at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from flask import Blueprint, Flask, Request, current_app, g, request

from registry.errors import ForbiddenError, KeyRequiredError
from registry.roles import RANK, Role

_EXTENSION: Final = "diachiso_access"

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the name of a key, never of a person."""

    name: str
    role: Role

    def may(self, role: Role) -> bool:
        """Whether what is declared for `role` is open to this caller."""
        return RANK[self.role] >= RANK[role]


ANONYMOUS: Final = Caller("anonymous", "anonymous")
Authenticate = Callable[[Request], Caller]
"""Answers who sends a request; raises KeyRequiredError for a key that is not known."""


def nobody(_request: Request) -> Caller:
    """Everybody is anonymous: no key is configured."""
    return ANONYMOUS


def requires(role: Role) -> Callable[[View], View]:
    """Declare that an endpoint is open to callers of `role` and above."""

    def mark(view: View) -> View:
        view.required_role = role  # type: ignore[attr-defined]
        return view

    return mark


@dataclass(frozen=True, slots=True)
class _Access:
    authenticate: Authenticate
    open_blueprints: frozenset[str]
    known: dict[str, Role]
    """Endpoint → role, as far as it was asked."""


def guard(app: Flask, authenticate: Authenticate, open_blueprints: tuple[Blueprint, ...]) -> None:
    """Check every request of `app`; endpoints of `open_blueprints` declare `anonymous`."""
    names = frozenset(blueprint.name for blueprint in open_blueprints)
    app.extensions[_EXTENSION] = _Access(authenticate, names, {})
    app.before_request(_check)


def role_of(app: Flask, endpoint: str) -> Role | None:
    """What an endpoint declares; None where it forgot to."""
    access: _Access = app.extensions[_EXTENSION]
    role: Role | None = getattr(app.view_functions[endpoint], "required_role", None)
    if role is None and endpoint.partition(".")[0] in access.open_blueprints:
        return "anonymous"
    return role


def caller() -> Caller:
    """Who sent this request."""
    found: Caller = g.caller if "caller" in g else ANONYMOUS
    return found


def _check() -> None:
    endpoint = request.endpoint
    if endpoint is None:
        return  # no such route, or not by this method: that is answered without a key
    access: _Access = current_app.extensions[_EXTENSION]
    role = access.known.get(endpoint)
    if role is None:
        role = access.known[endpoint] = role_of(current_app, endpoint) or "admin"
    if role == "anonymous":
        return
    asking = access.authenticate(request)
    if not asking.may(role):
        if asking.role == "anonymous":
            raise KeyRequiredError(f"cần khoá có quyền {role} (a key of role {role} is needed)")
        raise ForbiddenError(
            f"khoá này có quyền {asking.role}, cần {role} (its role does not allow it)"
        )
    g.caller = asking
