"""An identity provider on this machine, whose tokens can be tampered with."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask, Response, g, json, request
from flask.testing import FlaskClient
from joserfc import jwt
from werkzeug.test import TestResponse

from tests.support.serving import served

CLIENT = {"oidc_client_id": "dia-chi-so", "oidc_client_secret": "a secret of some length"}


@dataclass
class Provider:
    """The identity provider."""

    issuer: str
    spoilt: dict[str, Any] = field(default_factory=dict)
    """Claims that its tokens have in place of their own."""
    resigned: Callable[[str], str] | None = None
    """What becomes of its tokens on their way."""
    signatures: list[str] | None = None
    """Those that it says it has, in place of its own."""

    def knows(self, subject: str, **claims: Any) -> None:
        """Create an account."""
        requests.put(f"{self.issuer}/users/{subject}", json=claims, timeout=10).raise_for_status()

    def sends_back(self, leads_there: TestResponse, subject: str, **more: str) -> str:
        """The URL to which the provider redirects the browser after signing in."""
        form = {"sub": subject, **more}
        back = requests.post(leads_there.location, form, timeout=10, allow_redirects=False)
        whole = urlsplit(back.headers["Location"])
        return f"{whole.path}?{whole.query}"

    def spoil(self, response: Response) -> Response:
        """Apply the tampered values to the response."""
        if request.path == "/oauth2/token" and response.status_code == 200:
            key = g.oidc_provider_mock_storage.jwk
            body = response.get_json()
            token = jwt.decode(body["id_token"], key)
            signed = jwt.encode(token.header, token.claims | self.spoilt, key)
            body["id_token"] = self.resigned(signed) if self.resigned else signed
            response.set_data(json.dumps(body))
        if request.path.startswith("/.well-known/") and self.signatures is not None:
            expected = {"id_token_signing_alg_values_supported": self.signatures}
            response.set_data(json.dumps(response.get_json() | expected))
        return response


def come_in(
    client: FlaskClient, provider: Provider, subject: str, to: str = "/desk"
) -> TestResponse:
    """Sign in by an account, up to the desk's response to the callback."""
    there = client.get("/desk/sign-in/account", query_string={"to": to})
    return client.get(provider.sends_back(there, subject))


@contextmanager
def never_ending(head: bytes, part: bytes, pause_s: float) -> Iterator[str]:
    """A server that answers everything by `head`, and then by `part` again and again."""
    over = threading.Event()

    def answer(caller: socket.socket) -> None:
        with caller, suppress(OSError):
            caller.recv(65_536)
            caller.sendall(head)
            while not over.wait(pause_s):
                caller.sendall(part)

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            while not over.is_set():
                answer(listening.accept()[0])

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, args=(listening,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            over.set()
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


@contextmanager
def provider() -> Iterator[Provider]:
    """A provider on a port of its own; skips where Python is older than what it is made for."""
    app: Flask = pytest.importorskip("oidc_provider_mock").app()
    with served(app) as url:
        made = Provider(url)
        app.after_request(made.spoil)
        yield made
