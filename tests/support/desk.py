"""Somebody at the desk: a browser without scripts, signed in by a key."""

import re
from dataclasses import dataclass
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from registry.access.keys import KeyMade
from registry.access.roles import Role
from tests.support.keys import Office

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@dataclass(frozen=True)
class Seat:
    """A signed-in browser."""

    client: FlaskClient

    def get(self, path: str, **query: Any) -> TestResponse:
        """A page."""
        return self.client.get(path, query_string=query or None)

    def post(self, path: str, page: str = "/desk", **fields: Any) -> TestResponse:
        """A form of `page`, filled in and sent."""
        form = {"csrf": self.form_token(page), **fields}
        return self.client.post(path, data=form)

    def form_token(self, page: str = "/desk") -> str:
        """What the forms of a page carry."""
        found = _CSRF.search(self.client.get(page).text)
        assert found, page
        return found[1]


def sign_in(office: Office, key: KeyMade) -> Seat:
    """Sit down with a key."""
    seat = Seat(office.app.test_client())
    response = seat.client.post("/desk/sign-in", data={"key": key.secret})
    assert response.status_code == 303, response.text
    return seat


def seated(office: Office, name: str, role: Role = "editor", **more: Any) -> Seat:
    """Sit down with a new key."""
    return sign_in(office, office.key(name, role, **more))
