"""Signing in by an account of the operator's identity provider: OpenID Connect, by Authlib.

The code flow with PKCE. What belongs to one try (its state, nonce and verifier, and where it leads)
lies in a cookie of the browser that began it: servers share nothing but the database, and no other
browser can end the try.
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
from api.desk.sign_in import begin, own_path
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
"""Open to everybody, as signing in by a key."""

_EXTENSION: Final = "diachiso_issuer"
_COOKIE: Final = "sign_in"
_TRY_S: Final = 600
"""So long somebody may take at the issuer."""
_LONGEST_PATH: Final = 1_500
_KEPT_S: Final = 3_600
"""So long the issuer's description of itself, and its keys, are not asked for again."""
_PAUSE_S: Final = 10.0
"""An issuer that did not answer is not asked again so long: each question holds a thread."""
_TIMEOUT_S: Final = (2.0, 4.0)
"""To be connected, and between two parts of an answer."""
_WHOLE_S: Final = 10.0
"""All that is asked of the issuer for one request to the register."""
_LONGEST_COOKIE: Final = 4_096
_LONGEST_SUBJECT: Final = 255
"""By OpenID Connect."""
_LEEWAY_S: Final = 60
_MALFORMED: Final = (AttributeError, LookupError, TypeError, ValueError)
"""What Authlib raises where an issuer's answer is shaped otherwise than it expects."""
_SYMMETRIC: Final = ("HS", "no")
"""How names of signatures begin that are none of the issuer alone."""


@dataclass(frozen=True, slots=True)
class _Try:
    """What the browser keeps while its owner is at the issuer."""

    state: str
    nonce: str
    verifier: str
    leads_to: str


class Issuer:
    """The identity provider; what it says of itself is kept in memory."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = None
        self._read_at = self._failed_at = float("-inf")
        self._reading = threading.Lock()

    def authorization(self, redirect_uri: str) -> dict[str, str]:
        """Where to send the browser (`url`), with the `state`, `nonce` and `code_verifier`."""
        with self._asked():
            made: dict[str, str] = self._known().create_authorization_url(redirect_uri)
        return made

    def claims(self, code: str, redirect_uri: str, tried: _Try) -> Mapping[str, Any]:
        """What the issuer says of who brings this code; raises AccountRefusedError."""
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        with self._asked():
            client = self._known()
            options = {
                "iss": {"essential": True, "value": self._settings.oidc_issuer},
                "aud": {"essential": True, "value": self._settings.oidc_client_id},
            }
            try:
                token = client.fetch_access_token(
                    redirect_uri, code=code, code_verifier=tried.verifier
                )
                said: Mapping[str, Any] | None = client.parse_id_token(
                    token, tried.nonce, claims_options=options, leeway=_LEEWAY_S
                )
            except (AuthlibBaseError, JoseError, *_MALFORMED) as error:
                log.warning("account_refused", cause=type(error).__name__)
                raise AccountRefusedError(
                    Message("sign_in_not_confirmed"),
                    reason="token",
                ) from error
        if said is None:
            raise AccountRefusedError(Message("id_token_missing"), reason="token")
        return said

    def leaving(self, back_to: str) -> str | None:
        """Where the session of the issuer is ended, if it says so."""
        with self._asked():
            metadata = self._known().load_server_metadata()
            if not metadata.get("end_session_endpoint"):
                return None
            own = {"client_id": self._settings.oidc_client_id}
            url: str = self._known().create_logout_url(back_to, **own)["url"]
            return url

    def _known(self) -> Any:
        """The client of the issuer, which has told about itself within an hour."""
        if not self._reading.acquire(timeout=_WHOLE_S):
            raise self._away()
        try:
            if self._client is None or time.monotonic() - self._read_at > _KEPT_S:
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
            raise ValueError("the issuer calls itself otherwise")
        client.client_kwargs["token_endpoint_auth_method"] = self._proof(metadata)
        offered = metadata.get("id_token_signing_alg_values_supported") or ()
        own = [each for each in offered if not each.startswith(_SYMMETRIC)]
        # None at all would be any for Authlib.
        metadata["id_token_signing_alg_values_supported"] = own or ["RS256"]
        client.fetch_jwk_set()
        return client

    def _proof(self, metadata: Mapping[str, Any]) -> str:
        """How the register shows the issuer who it is."""
        if not self._settings.oidc_client_secret:
            return "none"
        methods = metadata.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"

    def _check_pause(self) -> None:
        if time.monotonic() - self._failed_at < _PAUSE_S:
            raise self._away()

    @contextmanager
    def _asked(self) -> Iterator[None]:
        """In the block the issuer is asked; raises IssuerUnavailableError where that fails."""
        from api.desk.issuer_requests import ending_within

        self._check_pause()
        with self._failing(), ending_within(_WHOLE_S):
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
            raise self._away() from error

    def _away(self) -> IssuerUnavailableError:
        host = urlsplit(self._settings.oidc_issuer or "").netloc
        return IssuerUnavailableError(Message("identity_provider_silent", host=host))


@blueprint.errorhandler(RegistryError)
def told_at_the_door(error: RegistryError) -> BaseResponse:
    """Why somebody does not come in, on the page where other ways are open."""
    status = registry_problem(error).status_code
    leads_to = own_path(request.args.get("to"))
    response = sign_in_page(status, leads_to=leads_to, wrong=complaint(error), code=error.code)
    response.delete_cookie(_COOKIE, path=blueprint.url_prefix or "/")
    return response


@blueprint.get("")
@public_page(reads_key=False, audited=True)
def get_account() -> BaseResponse:
    """Send the browser to the issuer."""
    leads_to = own_path(request.args.get("to"))
    made = _issuer().authorization(_done_url())
    tried = _Try(
        made["state"],
        made["nonce"],
        made["code_verifier"],
        leads_to if len(leads_to) < _LONGEST_PATH else own_path(None),
    )
    response = redirect(made["url"], 303)
    response.set_cookie(
        _COOKIE,
        json.dumps(asdict(tried)),
        max_age=_TRY_S,
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
    """Whom the issuer sends back has the role and the units that it says, and a session."""
    with limit_sign_ins():
        tried = _tried()
        claims = _issuer().claims(request.args.get("code", ""), _done_url(), tried)
        account = _account(register().settings, claims)
        with session_scope(register().engine) as session:
            key_id = admit_account(session, gazetteer(), account)
    name = claims.get("name")
    response = begin(
        sign_in_account(key_id),
        own_path(tried.leads_to),
        MultiDict(),
        name if isinstance(name, str) and name.isprintable() else None,
    )
    response.delete_cookie(_COOKIE, path=blueprint.url_prefix or "/")
    return response


@blueprint.get("/leave")
@public_page(reads_key=False, audited=True)
def get_leave() -> BaseResponse:
    """End the session of the issuer as well, where it offers that."""
    return redirect(_issuer().leaving(f"{public_url()}/desk/sign-in") or "/desk/sign-in", 303)


def _issuer() -> Issuer:
    if register().settings.oidc_issuer is None:
        raise NotFoundError(Message("only_keys_sign_in"))
    issuer: Issuer = current_app.extensions.setdefault(_EXTENSION, Issuer(register().settings))
    return issuer


def _done_url() -> str:
    return f"{public_url()}{blueprint.url_prefix}/done"


def _tried() -> _Try:
    """The try of this browser that the issuer answers; raises AccountRefusedError for another's."""
    if "error" in request.args:
        raise AccountRefusedError(
            Message("sign_in_refused"),
            reason="denied",
        )
    kept, state = request.cookies.get(_COOKIE, "")[:_LONGEST_COOKIE], request.args.get("state")
    with suppress(TypeError, ValueError):
        tried = _Try(**from_json(kept))
        texts = (tried.state, tried.nonce, tried.verifier, tried.leads_to)
        if state == tried.state and all(isinstance(each, str) and each for each in texts):
            return tried
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
    if not named or len(subject) > _LONGEST_SUBJECT:
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
    """The texts of a claim: a list, or one text of several; `a.b` is b in a, or called so.

    `whole`: nothing else may stand among them, or there are none.
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
