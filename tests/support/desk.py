"""A user at the desk: a browser without scripts, signed in by a key."""

import re
from dataclasses import dataclass
from html import unescape
from typing import Any

from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from registry.access.keys import KeyMade
from registry.core.roles import Role
from tests.support.keys import Office

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')
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

    def confirm(self, path: str, preview: TestResponse, **filled: str) -> TestResponse:
        """Confirm a preview: submit its form unchanged."""
        fields = [*hidden(preview.text), ("_step", "do"), *filled.items()]
        return self.client.post(path, data=MultiDict(fields))

    def form_token(self, page: str = "/desk") -> str:
        """What the forms of a page carry."""
        found = _CSRF.search(self.client.get(page).text)
        assert found, page
        return found[1]


def hidden(page: str) -> list[tuple[str, str]]:
    """What the last form of a page carries without showing it."""
    form = page.rpartition("<form")[2]
    return [(unescape(name), unescape(value)) for name, value in _HIDDEN.findall(form)]


def sign_in(office: Office, key: KeyMade) -> Seat:
    """Sit down with a key."""
    seat = Seat(office.app.test_client())
    response = seat.client.post("/desk/sign-in", data={"key": key.secret})
    assert response.status_code == 303, response.text
    return seat


def seated(office: Office, name: str, role: Role = "editor", **more: Any) -> Seat:
    """Sit down with a new key."""
    return sign_in(office, office.key(name, role, **more))
