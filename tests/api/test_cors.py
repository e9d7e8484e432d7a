"""Pages of other sites: they may ask what needs no key."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask.testing import FlaskClient

from api.app import create_app
from registry.core.settings import Settings
from registry.register import Register

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"
SHOP = "https://shop.vn"
ALLOWED = "Access-Control-Allow-Origin"


@contextmanager
def client_for(*origins: str) -> Iterator[FlaskClient]:
    register = Register.open(Settings(cors_origins=origins), NOWHERE)
    try:
        yield create_app(register).test_client()
    finally:
        register.close()


def test_every_origin_is_allowed_by_default_also_for_errors() -> None:
    with client_for(*Settings().cors_origins) as client:
        for path in ("/healthz", "/healthz?x=1", "/v1/geocode", "/v1/addresses/12"):
            response = client.get(path, headers={"Origin": SHOP})
            assert response.headers[ALLOWED] == "*", path
            assert "ETag" in response.headers["Access-Control-Expose-Headers"]
        # A cache may give this answer to a page later.
        assert client.get("/healthz").headers[ALLOWED] == "*"


def test_json_may_be_posted_after_a_preflight() -> None:
    with client_for("*") as client:
        for path in ("/v1/geocode", "/v1/reverse", "/v1/validate", "/v1/reports"):
            response = client.options(
                path,
                headers={
                    "Origin": SHOP,
                    "Access-Control-Request-Method": "POST",
                    "Access-Control-Request-Headers": "content-type",
                },
            )
            assert response.status_code == 200
            assert response.headers[ALLOWED] == "*"
            assert "POST" in response.headers["Access-Control-Allow-Methods"]
            allowed = response.headers["Access-Control-Allow-Headers"]
            # With the latter a report is filed once.
            assert all(each in allowed for each in ("Content-Type", "Idempotency-Key"))


def test_endpoints_that_need_a_key_are_closed_to_other_origins() -> None:
    with client_for("*") as client:
        path = "/v1/addresses/1H6X-XH2V/history"
        response = client.options(
            path, headers={"Origin": SHOP, "Access-Control-Request-Method": "GET"}
        )
        assert ALLOWED not in response.headers


@pytest.mark.thorough
def test_harmless_refusals_are_readable_by_other_origins() -> None:
    """Otherwise a page's developer learns only that the request failed."""
    with client_for("*") as client:
        for path, status in (("/v1/changes", 401), ("/v1/no-such-thing", 404), ("/v1/batch", 404)):
            answer = client.get(path, headers={"Origin": SHOP})
            assert (answer.status_code, answer.headers[ALLOWED]) == (status, "*"), path
        assert ALLOWED not in client.get("/a/zzz", headers={"Origin": SHOP}).headers


@pytest.mark.parametrize(("origin", "allowed"), [(SHOP, SHOP), ("https://other.vn", None)])
def test_only_named_origins_are_allowed(origin: str, allowed: str | None) -> None:
    with client_for(SHOP, "https://www.shop.vn") as client:
        response = client.get("/healthz", headers={"Origin": origin})
        assert response.headers.get(ALLOWED) == allowed
        assert "Origin" in response.vary
        assert ALLOWED not in client.get("/healthz").headers


def test_none_allows_no_origin() -> None:
    with client_for("none") as client:
        assert ALLOWED not in client.get("/healthz", headers={"Origin": SHOP}).headers
