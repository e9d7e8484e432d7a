"""An office: the application over its own register, with real API keys."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from registry.access.keys import KeyMade, NewKey, create_key, revoke_key, rotate_key
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.roles import Role
from registry.core.settings import Settings
from tests.support.lifecycle import COMMUNE, Town, town
from tests.support.units import open_app

NO_LIMITS = Settings(limits=False)


@dataclass(frozen=True)
class Office:
    """The application, and the register behind it."""

    app: Flask
    client: FlaskClient
    place: Town

    def key(
        self, name: str, role: Role = "editor", units: tuple[str, ...] = (COMMUNE,), **more: Any
    ) -> KeyMade:
        """A new key."""
        bound = units if role in ("viewer", "editor", "approver") else ()
        with session_scope(self.place.engine) as session:
            return create_key(session, NewKey(name, role, bound, **more))

    def rotate(self, name: str, **more: Any) -> KeyMade:
        """Another secret for a key."""
        with session_scope(self.place.engine) as session:
            return rotate_key(session, name, **more)

    def revoke(self, name: str) -> None:
        """Refuse a key."""
        with session_scope(self.place.engine) as session:
            assert revoke_key(session, name)

    def post(self, operation: str, key: KeyMade | None = None, **fields: Any) -> TestResponse:
        """The answer of an operation."""
        return self.client.post(f"/v1/operations/{operation}", json=fields, headers=bearer(key))

    def get(self, path: str, key: KeyMade | str | None = None) -> TestResponse:
        """The answer of a question."""
        return self.client.get(path, headers=bearer(key))

    def audited(self) -> list[dict[str, Any]]:
        """The entries of the audit log, the oldest first."""
        with session_scope(self.place.engine) as session:
            rows = session.execute(text("SELECT * FROM audit_entry ORDER BY id"))
            return [dict(row._mapping) for row in rows]

    def by_owner(self, statement: str, **parameters: object) -> None:
        """What only the owner of the tables may do: to set times back."""
        engine = make_engine(self.place.url, role=OWNER_ROLE, pool_size=1)
        with session_scope(engine) as session:
            session.execute(text(statement), parameters)
        engine.dispose()


def bearer(key: KeyMade | str | None) -> dict[str, str]:
    """The header of a key."""
    if key is None:
        return {}
    return {"Authorization": f"Bearer {key if isinstance(key, str) else key.secret}"}


def code_of(response: TestResponse) -> tuple[int, str]:
    """Status and stable code of a problem."""
    return response.status_code, response.get_json(force=True)["code"]


@contextmanager
def office(admin_url: str, name: str, settings: Settings = NO_LIMITS) -> Iterator[Office]:
    """The application over a register with Phố Láng in Phường Láng, open by key."""
    with town(admin_url, name) as place, open_app(place.url, None, settings) as app:
        yield Office(app, app.test_client(), place)
