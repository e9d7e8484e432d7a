"""Declarations of endpoints: who may call one, how it is counted, what it answers.

Access control, limits, audit, CORS, counts and the OpenAPI document read these facts; nothing else
lists endpoints. An endpoint without them is open to admins only, and fails the test run; without
`discloses` it cannot give codes away. Before, roles, limits, CORS, examples and codes stood in five
tuples and nine tables by path, and what a table forgot was silently open.

Requests are pydantic models; answers are the registry's dataclasses, or a `TypedDict` where the
wire differs, and only tests validate them. Rejected: SpecTree. A look-up in process takes 312 µs,
346 before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar, cast

from flask import Blueprint, Flask
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from api.core.requests import validated
from api.core.turns import in_turn
from registry.core.errors import BudgetSpentError
from registry.core.roles import Role

CODES_OF_TABLES: Final = (
    *("unreadable_file", "columns_not_recognised"),
    *("sheet_not_chosen", "file_too_costly"),
)
"""Problem codes of a table sent to be answered row by row."""

_ATTRIBUTE: Final = "endpoint_facts"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts about one endpoint; an instance is the decorator that declares them."""

    role: Role
    """The least role that may call it; `anonymous` for everybody."""
    kind: str | None = "other"
    """What its requests are counted as (`api.core.service.KINDS`); None if they are not counted.
    Taken from its resource, if it belongs to one."""
    page: bool = False
    """One of our HTML pages: pages of other sites may not read it (CORS)."""
    reads_key: bool = True
    """Whether the caller is identified and counted; if not, it stays open even without
    `DIACHISO_ANONYMOUS_READS`."""
    takes_session: bool = False
    """A desk session identifies the caller as a key does."""
    writes: bool = True
    """Whether its unsafe methods write, and so need a key that may write."""
    retried: bool = False
    """Its POST may run again if the connection to the database was lost."""
    replica: bool = False
    """A replica may answer: callers do not read their own writes here."""
    own_rate: bool = False
    """Has a rate limit of its own: one map on a screen makes many requests."""
    discloses: bool = False
    """It discloses codes that the caller did not name, or reveals that codes are unknown, and is
    charged to the caller's budget (`registry.access.budget`). Other endpoints have no budget."""
    audited: bool = False
    """Audited although it is open, since it discloses many records."""
    body_limit: str = ""
    """Setting with the largest body; by default `api.core.bodies.DEFAULT_MAX_BYTES` bytes."""
    in_turn: bool = False
    """It answers many rows, and so takes one of a few turns (`api.core.turns`)."""
    opened_by: str = ""
    """Setting by which the operator opens it to everybody."""
    takes_round_code: bool = False
    """The code of a field round, in a header, replaces a key."""

    # For the OpenAPI document, beside the types of its parameters.
    tag: str = ""
    """Group of its resource (`api.document.words.TAGS`)."""
    answer: Any = None
    """Type of its answer, by default the function's return type; None for a page, or a file with
    its `media_types`."""
    cache: str | None = "no-store"
    """`Cache-Control` of an answer that the function does not return as a response. Not stored by
    default: most answers disclose where somebody lives."""
    accepted: Any = None
    """Type of its answer with 202, for work done later."""
    statuses: tuple[int, ...] = ()
    """Error statuses beside those that follow from its path, its other facts and codes."""
    needs_database: bool = True
    """Whether it answers 503 without the database."""
    operation_id: str = ""
    """Name in generated clients, which never changes; by default the function's name."""
    codes: tuple[str, ...] = ()
    """Problem codes beside those of any endpoint and those that follow from its facts."""
    example: Any = None
    """An example of its request body."""
    media_types: tuple[str, ...] = ()
    """Media types of its answer, if not `application/json`."""
    upload: tuple[str, ...] = ()
    """File parts of its form, the first of which is required; the size limit is that of imports."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Path parameter → its schema, where it differs from that of other endpoints."""
    headers: tuple[Mapping[str, Any], ...] = ()
    """Request headers that it reads beside those of a key."""
    preconditions: bool = False
    """Accepts `If-Match`."""

    def __call__(self, view: Callable[..., Any]) -> Callable[..., Any]:
        """Declare these facts for the function of an endpoint.

        Raises ValueError for facts that contradict its description.
        """
        returned = view.__annotations__.get("return")
        if self.answer is None and not _is_response(returned):
            self = replace(self, answer=returned)
        if not self.is_operation and (self.operation_id or self.example):
            raise ValueError(f"{view.__name__} is described, but has no answer")
        if self.page and self.is_operation:
            raise ValueError(f"{view.__name__} is a page, which is not described")
        if self.is_operation:
            view = validated(view, cache=self.cache)
        if self.in_turn:
            view = in_turn(view)
        setattr(view, _ATTRIBUTE, self)
        return view

    @property
    def problem_codes(self) -> tuple[str, ...]:
        """Problem codes beside those of any endpoint."""
        return (*self.codes, BudgetSpentError.code) if self.discloses else self.codes

    @property
    def is_operation(self) -> bool:
        """Whether the OpenAPI document describes it."""
        return bool(self.answer or self.accepted or self.media_types)

    def __post_init__(self) -> None:
        """Raise ValueError for facts that contradict each other."""
        is_open = self.role == "anonymous"
        contradictions = {
            "open already": is_open and self.opened_by,
            "audited already": not is_open and self.audited,
            "a role, but no key is read": not is_open and not self.reads_key,
            "nobody is identified": self.takes_session and not self.reads_key,
            "nobody is counted": not self.reads_key and (self.own_rate or self.discloses),
            "a write may run twice": self.retried and self.writes,
        }
        if found := [name for name, holds in contradictions.items() if holds]:
            raise ValueError(f"facts of an endpoint contradict each other: {', '.join(found)}")


def _is_response(returned: Any) -> bool:
    """Whether a return type is a response, or what Flask turns into one, and not a typed answer."""
    is_response = isinstance(returned, type) and issubclass(returned, Response)
    return is_response or returned in (None, str, ResponseReturnValue)


class Resource(Blueprint):
    """Endpoints about one subject: one tag in the OpenAPI document, one kind of request."""

    def __init__(
        self, name: str, url_prefix: str | None = None, *, tag: str, kind: str | None = "other"
    ) -> None:
        super().__init__(name, __name__, url_prefix=url_prefix)
        self.tag, self.kind = tag, kind

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Any = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Add an endpoint; its facts take tag and kind from the resource."""
        if (facts := getattr(view_func, _ATTRIBUTE, None)) is not None:
            setattr(view_func, _ATTRIBUTE, replace(facts, tag=self.tag, kind=self.kind))
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


def public(kind: str | None = "other", **facts: Any) -> Facts:
    """Declare a read-only endpoint that everybody may call."""
    return Facts(**{"role": "anonymous", "kind": kind, "writes": False, "replica": True} | facts)


def keyed(role: Role, kind: str | None = "other", **facts: Any) -> Facts:
    """Declare an endpoint for callers of `role` and above, by key or session."""
    return Facts(**{"role": role, "kind": kind, "takes_session": True} | facts)


def public_page(kind: str | None = "other", **facts: Any) -> Facts:
    """Declare a page that everybody may open."""
    return public(kind, **{"page": True} | facts)


def signed_in_page(role: Role, kind: str | None = "other", **facts: Any) -> Callable[[View], View]:
    """Declare a desk page for users signed in with `role` or above."""
    declare: Any = keyed(role, kind, **{"page": True} | facts)
    return cast(Callable[[View], View], declare)


UNDECLARED: Final = Facts(role="admin")


def facts_of(app: Flask, endpoint: str) -> Facts:
    """Return the facts of an endpoint; `UNDECLARED` if it declares none."""
    return declared(app, endpoint) or UNDECLARED


def declared(app: Flask, endpoint: str) -> Facts | None:
    """Return the facts of an endpoint; None if it declares none."""
    found: Facts | None = getattr(app.view_functions.get(endpoint), _ATTRIBUTE, None)
    return found


def declared_by(view: Callable[..., Any]) -> Facts:
    """Return the facts declared by the function of an endpoint."""
    return getattr(view, _ATTRIBUTE, UNDECLARED)


def title_of(view: Callable[..., Any]) -> str:
    """Return the title of an endpoint: the first paragraph of its docstring, a msgid."""
    return " ".join((view.__doc__ or "").partition("\n\n")[0].split())
