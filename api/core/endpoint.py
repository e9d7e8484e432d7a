"""What holds for an endpoint, declared at its function: who may call it, how it is counted.

The guard, limits, audit, CORS and counts read these facts; nothing else lists endpoints. An
endpoint without them is closed to everybody but administrators, and fails the test run.
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
"""Codes of the problems of a table that is sent to be answered row by row."""

_ATTRIBUTE: Final = "endpoint_facts"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts about one endpoint; an instance is the decorator that declares them."""

    role: Role
    """The least role that may call it; `anonymous` for everybody."""
    kind: str | None = "other"
    """What its requests are counted as (`api.core.service.KINDS`); None if they are not counted.
    That of its resource, where it belongs to one."""
    page: bool = False
    """A page of ours: pages of other sites may not read it (CORS)."""
    reads_key: bool = True
    """Whether the caller is identified and counted; if not, `DIACHISO_ANONYMOUS_READS` does not
    close it either."""
    takes_session: bool = False
    """The session of a browser identifies the caller as a key does."""
    writes: bool = True
    """Whether its unsafe methods write, and so need a key that may."""
    retried: bool = False
    """Also its POST may run again, when the connection to the database was lost."""
    replica: bool = False
    """A replica may answer: nobody looks here for what they have just written."""
    own_rate: bool = False
    """Counted against a rate of its own: one map on a screen makes many requests."""
    discloses: bool = False
    """It gives codes that the caller did not name, or finds unknown ones, and its budget pays
    (`registry.access.budget`). An endpoint that does not say so has nothing to spend."""
    audited: bool = False
    """Written to the audit log although it is open, since it names many records."""
    body_limit: str = ""
    """The setting that says how large its bodies may be; by default `api.core.bodies.MOST`
    bytes."""
    in_turn: bool = False
    """It answers many rows, and so waits for one of few turns (`api.core.turns`)."""
    opened_by: str = ""
    """The setting by which the operator opens it to everybody."""
    takes_round_code: bool = False
    """The code of a field round, in its header, stands in for a key."""

    # What the OpenAPI document says of it, beside the types of its parameters.
    tag: str = ""
    """Its group (`api.document.words.TAGS`), that of its resource."""
    answer: Any = None
    """The type of its answer: by default what the function returns; none for a file, whose
    `media_types` it declares, or a page."""
    cache: str | None = "no-store"
    """`Cache-Control` of an answer that the function returns as it is, and not as a response; by
    default nobody on the way keeps it: most of them say where somebody lives."""
    accepted: Any = None
    """The type of its answer with 202, for what is done later."""
    statuses: tuple[int, ...] = ()
    """With which it refuses, beside those that follow from its path, its other facts and codes."""
    needs_database: bool = True
    """Whether it is 503 without the database."""
    operation_id: str = ""
    """What generated clients call it, which never changes; by default the function's name."""
    codes: tuple[str, ...] = ()
    """Codes of its problems beside those that any endpoint may answer, and that its facts say."""
    example: Any = None
    """A body that it takes."""
    media_types: tuple[str, ...] = ()
    """Of its answer, where that is not `application/json`."""
    upload: tuple[str, ...] = ()
    """The files in its form, the first of which is required; as large as those of imports."""
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Path parameter → its schema, where it takes other values than elsewhere."""
    headers: tuple[Mapping[str, Any], ...] = ()
    """Headers that it reads beside those of a key."""
    preconditions: bool = False
    """It takes `If-Match`."""

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
        """Codes of its problems beside those that any endpoint may answer."""
        return (*self.codes, BudgetSpentError.code) if self.discloses else self.codes

    @property
    def is_operation(self) -> bool:
        """Whether the OpenAPI document describes it."""
        return bool(self.answer or self.accepted or self.media_types)

    def __post_init__(self) -> None:
        """Raises ValueError for facts that contradict each other."""
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
    """Whether a function returns a response, or whatever Flask makes one of, and no answer."""
    is_response = isinstance(returned, type) and issubclass(returned, Response)
    return is_response or returned in (None, str, ResponseReturnValue)


class Resource(Blueprint):
    """The endpoints about one subject: described together, and counted as one kind of request."""

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
        """Add an endpoint, which declares its facts, with those of the resource."""
        if (facts := getattr(view_func, _ATTRIBUTE, None)) is not None:
            setattr(view_func, _ATTRIBUTE, replace(facts, tag=self.tag, kind=self.kind))
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


def public(kind: str | None = "other", **facts: Any) -> Facts:
    """An endpoint that everybody may call, and that reads only."""
    return Facts(**{"role": "anonymous", "kind": kind, "writes": False, "replica": True} | facts)


def keyed(role: Role, kind: str | None = "other", **facts: Any) -> Facts:
    """An endpoint for callers of `role` and above, by key or by session."""
    return Facts(**{"role": role, "kind": kind, "takes_session": True} | facts)


def public_page(kind: str | None = "other", **facts: Any) -> Facts:
    """A page that everybody may open."""
    return public(kind, **{"page": True} | facts)


def signed_in_page(role: Role, kind: str | None = "other", **facts: Any) -> Callable[[View], View]:
    """A page of the desk, for users signed in with `role` or above."""
    declare: Any = keyed(role, kind, **{"page": True} | facts)
    return cast(Callable[[View], View], declare)


UNDECLARED: Final = Facts(role="admin")


def facts_of(app: Flask, endpoint: str) -> Facts:
    """What an endpoint declares; `UNDECLARED` if it declares nothing."""
    return declared(app, endpoint) or UNDECLARED


def declared(app: Flask, endpoint: str) -> Facts | None:
    """What an endpoint declares, if anything."""
    found: Facts | None = getattr(app.view_functions.get(endpoint), _ATTRIBUTE, None)
    return found


def declared_by(view: Callable[..., Any]) -> Facts:
    """What the function of an endpoint declares."""
    return getattr(view, _ATTRIBUTE, UNDECLARED)


def title_of(view: Callable[..., Any]) -> str:
    """The title of an endpoint: the first paragraph of its docstring, which is a msgid."""
    return " ".join((view.__doc__ or "").partition("\n\n")[0].split())
