"""Sign-in with an account of the operator's identity provider: OpenID Connect, by Authlib.

Authorization code flow with PKCE. State, nonce, verifier and target of an attempt are kept in a
cookie of the browser that started it: servers share only the database, and no other browser can
complete the attempt.
"""

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from flask import current_app, redirect, request
from pydantic_core import from_json
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import limit_sign_ins, sign_in_account
from api.core.context import gazetteer, public_url, register
from api.core.endpoint import public_page
from api.core.errors import registry_problem
from api.core.logs import log
from api.desk.blueprint import sign_in_page
from api.desk.sign_in import own_path, start_session
from api.pages.blueprint import page_blueprint
from api.pages.shell import complaint
from registry.access.accounts import ROLES, Account, admit_account
from registry.core.database import session_scope
from registry.core.errors import (
    AccountRefusedError,
    IssuerUnavailableError,
    NotFoundError,
    RegistryError,
)
from registry.core.messages import Message
from registry.core.roles import RANK, Role
from registry.core.settings import Settings

blueprint = page_blueprint("signing_in_account", "/desk/sign-in/account")
"""Open to everybody, like sign-in with a key."""

_EXTENSION: Final = "diachiso_issuer"
_COOKIE: Final = "sign_in"
_ATTEMPT_S: Final = 600
"""How long a user may take at the issuer."""
_MAX_PATH: Final = 1_500
_METADATA_AGE_S: Final = 3_600
"""How long metadata and keys of the issuer are cached."""
_PAUSE_S: Final = 10.0
"""Pause after an issuer did not answer: each request to it occupies a thread."""
_TIMEOUT_S: Final = (2.0, 4.0)
"""To connect, and between two parts of an answer."""
_TOTAL_S: Final = 10.0
"""For all requests to the issuer during one request to us."""
_MAX_COOKIE: Final = 4_096
_MAX_SUBJECT: Final = 255
"""Limit of OpenID Connect."""
_LEEWAY_S: Final = 60
_MALFORMED: Final = (AttributeError, LookupError, TypeError, ValueError)
"""Raised by Authlib for unexpected structures in an issuer's answer."""
_SYMMETRIC: Final = ("HS", "no")
"""Prefixes of signature algorithms that do not prove the issuer."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """State of an attempt, kept in the browser while the user is at the issuer."""

    state: str
    nonce: str
    verifier: str
    leads_to: str


class Issuer:
    """The identity provider; its metadata is cached in memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = None
        self._read_at = self._failed_at = float("-inf")
        self._reading = threading.Lock()

    def authorization(self, redirect_uri: str) -> dict[str, str]:
        """Return the `url` for the browser, with `state`, `nonce` and `code_verifier`."""
        with self._requests():
            made: dict[str, str] = self._discovered().create_authorization_url(redirect_uri)
        return made

    def claims(self, code: str, redirect_uri: str, attempt: _Attempt) -> Mapping[str, Any]:
        """Return the ID token's claims for an authorization code; raises AccountRefusedError."""
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        with self._requests():
            client = self._discovered()
            options = {
                "iss": {"essential": True, "value": self._settings.oidc_issuer},
                "aud": {"essential": True, "value": self._settings.oidc_client_id},
            }
            try:
                token = client.fetch_access_token(
                    redirect_uri, code=code, code_verifier=attempt.verifier
                )
                claims: Mapping[str, Any] | None = client.parse_id_token(
                    token, attempt.nonce, claims_options=options, leeway=_LEEWAY_S
                )
            except (AuthlibBaseError, JoseError, *_MALFORMED) as error:
                log.warning("account_refused", cause=type(error).__name__)
                raise AccountRefusedError(
                    Message("sign_in_not_confirmed"),
                    reason="token",
                ) from error
        if claims is None:
            raise AccountRefusedError(Message("id_token_missing"), reason="token")
        return claims

    def logout_url(self, back_to: str) -> str | None:
        """Return the URL that ends the issuer's session; None if it offers none."""
        with self._requests():
            metadata = self._discovered().load_server_metadata()
            if not metadata.get("end_session_endpoint"):
                return None
            own = {"client_id": self._settings.oidc_client_id}
            url: str = self._discovered().create_logout_url(back_to, **own)["url"]
            return url

    def _discovered(self) -> Any:
        """Return the client of the issuer, with metadata no older than an hour."""
        if not self._reading.acquire(timeout=_TOTAL_S):
            raise self._unavailable()
        try:
            if self._client is None or time.monotonic() - self._read_at > _METADATA_AGE_S:
                self._check_pause()
                with self._failing():
                    self._client, self._read_at = self._read(), time.monotonic()
            return self._client
        finally:
            self._reading.release()

    def _read(self) -> Any:
        from api.desk.issuer_requests import IssuerApp

        issuer = self._settings.oidc_issuer or ""
        client = IssuerApp(
            None,
            "issuer",
            client_id=self._settings.oidc_client_id,
            client_secret=self._settings.oidc_client_secret,
            server_metadata_url=f"{issuer.rstrip('/')}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile",
                "code_challenge_method": "S256",
                "default_timeout": _TIMEOUT_S,
            },
        )
        metadata = client.load_server_metadata()
        if metadata.get("issuer") != issuer:
            raise ValueError("the issuer's metadata name another issuer")
        client.client_kwargs["token_endpoint_auth_method"] = self._auth_method(metadata)
        offered = metadata.get("id_token_signing_alg_values_supported") or ()
        own = [each for each in offered if not each.startswith(_SYMMETRIC)]
        # Authlib takes an empty list as any algorithm.
        metadata["id_token_signing_alg_values_supported"] = own or ["RS256"]
        client.fetch_jwk_set()
        return client

    def _auth_method(self, metadata: Mapping[str, Any]) -> str:
        """Return the method of client authentication."""
        if not self._settings.oidc_client_secret:
            return "none"
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"

    def _check_pause(self) -> None:
        if time.monotonic() - self._failed_at < _PAUSE_S:
            raise self._unavailable()

    @contextmanager
    def _requests(self) -> Iterator[None]:
        """A block with requests to the issuer; raises IssuerUnavailableError if they fail."""
        from api.desk.issuer_requests import ending_within

        self._check_pause()
        with self._failing(), ending_within(_TOTAL_S):
            yield

    @contextmanager
    def _failing(self) -> Iterator[None]:
        from requests import ConnectionError as NotConnected
        from requests import RequestException, Timeout

        try:
            yield
        except (RequestException, *_MALFORMED, RuntimeError) as error:
            if isinstance(error, (NotConnected, Timeout)):
                self._failed_at = time.monotonic()
            log.warning("issuer_unavailable", cause=type(error).__name__)
            raise self._unavailable() from error

    def _unavailable(self) -> IssuerUnavailableError:
        host = urlsplit(self._settings.oidc_issuer or "").netloc
        return IssuerUnavailableError(Message("identity_provider_silent", host=host))


@blueprint.errorhandler(RegistryError)
def sign_in_error(error: RegistryError) -> BaseResponse:
    """Show why a sign-in failed, on the sign-in page with its alternatives."""
    status = registry_problem(error).status_code
    leads_to = own_path(request.args.get("to"))
    response = sign_in_page(status, leads_to=leads_to, wrong=complaint(error), code=error.code)
    response.delete_cookie(_COOKIE, path=blueprint.url_prefix or "/")
    return response


@blueprint.get("")
@public_page(reads_key=False, audited=True)
def get_account() -> BaseResponse:
    """Redirect to the issuer."""
    leads_to = own_path(request.args.get("to"))
    made = _issuer().authorization(_done_url())
    attempt = _Attempt(
        made["state"],
        made["nonce"],
        made["code_verifier"],
        leads_to if len(leads_to) < _MAX_PATH else own_path(None),
    )
    response = redirect(made["url"], 303)
    response.set_cookie(
        _COOKIE,
        json.dumps(asdict(attempt)),
        max_age=_ATTEMPT_S,
        path=blueprint.url_prefix,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/done")
@public_page(reads_key=False, audited=True)
def get_done() -> BaseResponse:
    """Complete the sign-in: role and units from the claims, and a session."""
    with limit_sign_ins():
        attempt = _attempt()
        claims = _issuer().claims(request.args.get("code", ""), _done_url(), attempt)
        account = _account(register().settings, claims)
        with session_scope(register().engine) as session:
            key_id = admit_account(session, gazetteer(), account)
    name = claims.get("name")
    response = start_session(
        sign_in_account(key_id),
        own_path(attempt.leads_to),
        MultiDict(),
        name if isinstance(name, str) and name.isprintable() else None,
    )
    response.delete_cookie(_COOKIE, path=blueprint.url_prefix or "/")
    return response


@blueprint.get("/leave")
@public_page(reads_key=False, audited=True)
def get_leave() -> BaseResponse:
    """End the session of the issuer as well, if it offers that."""
    return redirect(_issuer().logout_url(f"{public_url()}/desk/sign-in") or "/desk/sign-in", 303)


def _issuer() -> Issuer:
    if register().settings.oidc_issuer is None:
        raise NotFoundError(Message("only_keys_sign_in"))
    issuer: Issuer = current_app.extensions.setdefault(_EXTENSION, Issuer(register().settings))
    return issuer


def _done_url() -> str:
    return f"{public_url()}{blueprint.url_prefix}/done"


def _attempt() -> _Attempt:
    """Return the attempt of this browser; raises AccountRefusedError if none matches."""
    if "error" in request.args:
        raise AccountRefusedError(
            Message("sign_in_refused"),
            reason="denied",
        )
    kept, state = request.cookies.get(_COOKIE, "")[:_MAX_COOKIE], request.args.get("state")
    with suppress(TypeError, ValueError):
        attempt = _Attempt(**from_json(kept))
        texts = (attempt.state, attempt.nonce, attempt.verifier, attempt.leads_to)
        if state == attempt.state and all(isinstance(each, str) and each for each in texts):
            return attempt
    raise AccountRefusedError(
        Message("sign_in_not_started_here"),
        reason="state",
    )


def _account(settings: Settings, claims: Mapping[str, Any]) -> Account:
    given = _values(claims, settings.oidc_role_claim)
    known: list[Role] = [role for role in ROLES if role in given]
    if not known:
        raise AccountRefusedError(
            Message("account_has_no_role", claim=settings.oidc_role_claim, roles=", ".join(ROLES)),
            reason="role",
        )
    subject = claims["sub"]
    named = isinstance(subject, str) and subject.strip() and subject.isprintable()
    if not named or len(subject) > _MAX_SUBJECT:
        raise AccountRefusedError(
            Message("account_not_named"),
            reason="token",
        )
    return Account(
        issuer=settings.oidc_issuer or "",
        subject=subject,
        role=max(known, key=RANK.__getitem__),
        units=_values(claims, settings.oidc_units_claim, whole=True),
    )


def _values(claims: Mapping[str, Any], path: str, *, whole: bool = False) -> list[str]:
    """Return the texts of a claim: a list, or one text with several; `a.b` is b in a, or a name.

    With `whole`, returns none if the list contains anything but texts.
    """
    value: Any = claims.get(path)
    if value is None:
        value = claims
        for name in path.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(parts, list) or (whole and not all(isinstance(part, str) for part in parts)):
        return []
    return [part for part in parts if isinstance(part, str)]
