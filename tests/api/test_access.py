"""Access control: which role may use which endpoint."""

import dataclasses
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask, Request
from flask.testing import FlaskClient

from api.core.access import ANONYMOUS, Caller, caller
from api.core.endpoint import Facts, declared, facts_of, keyed, public
from api.core.errors import MIMETYPE, STATUS
from api.core.service import KINDS, OTHER
from registry.access import budget
from registry.core.errors import KeyRequiredError
from registry.core.messages import Text
from registry.core.roles import RANK, Role
from registry.core.settings import Settings
from tests.support.units import open_app

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
# Reads sent by POST to keep addresses out of URLs.
ASKED_BY_POST = (
    *("/v1/geocode", "/v1/reverse", "/v1/validate", "/v1/batch/<operation>", "/try"),
    *("/mcp", "/route", "/v1/routes", "/v1/routes/papers", "/v1/within", "/v1/within/records"),
)
# Public POST endpoints that do not change the register.
SAID_BY_ALL = (
    "/v1/reports",
    "/v1/batch/reports",
    "/v1/field/records",
    "/a/<address_code>/report",
    "/new-house",
    "/desk/sign-in",
    "/desk/sign-in/kept",
)
# The caller's own session, webhooks, areas and queries.
OWN = (
    *("/desk/sign-out", "/desk/webhooks", "/v1/webhooks"),
    *("/desk/services", "/v1/services", "/v1/batches"),
)


def is_of_desk(path: str) -> bool:
    """Whether it is a page of the desk, which asks people and not programs for a key."""
    return path.startswith("/desk")


def by_header(request: Request) -> Caller:
    """The caller that a header names: what keys will do."""
    role = request.headers.get("X-Role")
    if role == "unknown":
        raise KeyRequiredError(Text("this key is not known"))
    return Caller("tests", role) if role else ANONYMOUS  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def gated(database_url: str) -> Iterator[FlaskClient]:
    """An application with one endpoint per role, and one that declares no role."""
    with open_app(database_url, by_header) as app:
        for role in RANK:
            app.add_url_rule(f"/{role}", role, keyed(role)(lambda: f"{caller().name}"))
        app.add_url_rule("/forgotten", "forgotten", lambda: "open")
        yield app.test_client()


def test_every_endpoint_declares_its_facts(app: Flask) -> None:
    endpoints = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert {name for name in endpoints if declared(app, name) is None} == set()
    kinds = {facts_of(app, name).kind for name in endpoints} - {None}
    assert kinds == {kind.code for kind in (*KINDS, OTHER)}
    declared_codes = {code for name in endpoints for code in facts_of(app, name).problem_codes}
    assert declared_codes <= {error.code for error in STATUS}
    opening = {facts_of(app, name).opened_by for name in endpoints} - {""}
    assert opening <= {field.name for field in dataclasses.fields(Settings)}


def test_no_write_endpoint_is_public(app: Flask) -> None:
    for rule in app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}
        own = rule.rule.startswith(OWN)
        if methods and not own and rule.rule not in (*ASKED_BY_POST, *SAID_BY_ALL):
            assert RANK[facts_of(app, rule.endpoint).role] >= RANK["editor"], rule.rule


def test_operations_without_a_key_are_refused_before_the_body_is_read(
    app: Flask, client: FlaskClient
) -> None:
    for rule in app.url_map.iter_rules():
        if facts_of(app, rule.endpoint).role != "anonymous" and not is_of_desk(rule.rule):
            path = re.sub(r"<int:\w+>", "1", rule.rule.replace("<address_code>", "1000-0006"))
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                response = client.open(path, method=method, data=b"{")
                assert response.status_code == 401, path
                assert response.content_type == MIMETYPE
                assert response.get_json(force=True)["code"] == "key_required"
                assert response.headers["WWW-Authenticate"] == "Bearer"


def test_desk_pages_without_a_session_ask_to_sign_in(app: Flask, client: FlaskClient) -> None:
    for rule in app.url_map.iter_rules():
        if is_of_desk(rule.rule) and facts_of(app, rule.endpoint).role != "anonymous":
            path = re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule)
            for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
                response = client.open(path, method=method)
                if method == "GET":
                    assert response.status_code == 303, path
                    assert response.location.startswith("/desk/sign-in?to="), path
                else:
                    assert response.status_code == 401, path


@pytest.mark.parametrize("needed", RANK)
@pytest.mark.parametrize("given", RANK)
def test_role_includes_the_rights_of_lower_roles(
    gated: FlaskClient, given: Role, needed: Role
) -> None:
    headers = {} if given == "anonymous" else {"X-Role": given}
    response = gated.get(f"/{needed}", headers=headers)
    if RANK[given] >= RANK[needed]:
        assert response.status_code == 200
        assert response.text == ("anonymous" if given == "anonymous" else "tests")
    else:
        problem = response.get_json(force=True)
        expected = (401, "key_required") if given == "anonymous" else (403, "forbidden")
        assert (problem["status"], problem["code"]) == expected


def test_endpoint_without_a_declared_role_is_closed(gated: FlaskClient) -> None:
    assert gated.get("/forgotten").status_code == 401
    assert gated.get("/forgotten", headers={"X-Role": "approver"}).status_code == 403


@pytest.mark.parametrize(
    "facts",
    [
        {"role": "anonymous", "opened_by": "open_export"},
        {"role": "editor", "audited": True},
        {"role": "editor", "reads_key": False},
        {"role": "anonymous", "reads_key": False, "takes_session": True},
        {"role": "anonymous", "reads_key": False, "discloses": True},
        {"role": "anonymous", "reads_key": False, "own_rate": True},
        {"role": "editor", "retried": True, "writes": True},
    ],
)
def test_contradictory_facts_fail_at_startup(facts: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="contradict"):
        Facts(**facts)


@pytest.mark.parametrize("discloses", [False, True])
def test_endpoint_returns_codes_only_if_declared(database_url: str, *, discloses: bool) -> None:
    with open_app(database_url, by_header, Settings()) as app:
        view = public(discloses=discloses)(lambda: f"{budget.give(1)}")
        app.add_url_rule("/given", "given", view)
        assert app.test_client().get("/given").text == str(discloses)


def test_unknown_key_is_refused(gated: FlaskClient) -> None:
    assert gated.get("/editor", headers={"X-Role": "unknown"}).status_code == 401


def test_invalid_route_is_not_found_without_a_key(gated: FlaskClient) -> None:
    assert gated.get("/nothing").status_code == 404
    assert gated.get("/v1/operations/verify").status_code == 405


def test_roles_are_ranked_by_one_function(gated: FlaskClient) -> None:
    check: Callable[[Role], bool] = Caller("key", "editor").may
    assert [role for role in RANK if check(role)] == [
        "anonymous",
        "carrier",
        "merchant",
        "viewer",
        "editor",
    ]
