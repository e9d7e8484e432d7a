"""Accounts of an identity provider at the desk: a real provider, right tokens and wrong ones."""

import json
import socket
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import Key, OctKey, RSAKey

from api.desk import oidc
from api.desk.sign_in import own_path
from registry.core.settings import Settings
from tests.support.desk import Seat
from tests.support.keys import Office
from tests.support.keys import office as open_office
from tests.support.lifecycle import COMMUNE
from tests.support.oidc import CLIENT, Provider, come_in, never_ending
from tests.support.oidc import provider as open_provider
from tests.support.thorough import gate_takes_first

TRY = ("state", "nonce", "verifier", "leads_to")
UNIT = {"diachiso_role": "editor", "diachiso_units": [COMMUNE]}


@pytest.fixture(scope="module")
def issuer() -> Iterator[Provider]:
    with open_provider() as made:
        yield made


@pytest.fixture(scope="module")
def office(admin_url: str, worker_id: str, issuer: Provider) -> Iterator[Office]:
    settings = Settings(limits=False, oidc_issuer=issuer.issuer, **CLIENT)
    with open_office(admin_url, f"oidc_{worker_id}", settings) as made:
        yield made


def accounts(office: Office) -> list[tuple[str, str, list[str]]]:
    return [
        tuple(row)
        for row in office.place.rows(
            "SELECT k.name, k.role, array_remove(array_agg(u.code), NULL) FROM api_key k"
            " LEFT JOIN api_key_unit b ON b.key_id = k.id"
            " LEFT JOIN admin_unit u ON u.id = b.unit_id WHERE k.subject IS NOT NULL"
            " GROUP BY k.id ORDER BY k.id"
        )
    ]


def test_account_signs_in_and_follows_the_claims_of_its_provider(
    office: Office, issuer: Provider
) -> None:
    client, others = office.app.test_client(), accounts(office)
    assert 'href="/desk/sign-in/account' in client.get("/desk/sign-in?to=/desk/import").text
    issuer.knows("u-1", name="Trần Thị Bưởi", email="buoi@lang.vn", **UNIT)
    there = client.get("/desk/sign-in/account", query_string={"to": "/desk/import"})
    assert there.status_code == 303
    assert all(f"{part}=" in there.location for part in ("state", "nonce", "code_challenge"))
    assert "code_challenge_method=S256" in there.location
    back = issuer.sends_back(there, "u-1")
    came = client.get(back)
    assert (came.status_code, came.location) == (303, "/desk/import")
    page = Seat(client).get("/desk").text
    assert "Trần Thị Bưởi" in page
    name, role, units = accounts(office)[-1]
    assert (role, units, accounts(office)[:-1]) == ("editor", [COMMUNE], others)
    assert name.startswith("Phường Láng · ")
    assert name in page
    # The code is valid once: intercepting it is useless in any browser.
    assert client.get(back).status_code == 403
    assert office.client.get(back).status_code == 403
    # Another role for the same account, also in existing sessions.
    issuer.knows("u-1", **UNIT | {"diachiso_role": ["x", "viewer", "approver"]})
    assert come_in(office.app.test_client(), issuer, "u-1").status_code == 303
    assert accounts(office) == [*others, (name, "approver", [COMMUNE])]
    assert Seat(client).get("/v1/whoami").get_json()["role"] == "approver"
    issuer.knows("u-1", diachiso_role="viewer", diachiso_units="01")
    assert come_in(office.app.test_client(), issuer, "u-1").status_code == 303
    assert accounts(office) == [*others, (name, "viewer", ["01"])]
    found = [e["endpoint"] for e in office.audited() if e["actor"] == name]
    assert f"accounts role editor → approver: {name}" in found
    assert f"keys bind: {name}" in found
    # No person is stored in the register.
    everything = str(office.place.rows("SELECT to_jsonb(k) FROM api_key k")) + str(office.audited())
    assert not any(each in everything for each in ("Bưởi", "buoi", "u-1"))


@pytest.mark.parametrize(
    "spoilt",
    [
        {"iss": "https://elsewhere.vn"},
        {"aud": "somebody-else", "azp": "dia-chi-so"},
        {"nonce": "another"},
        {"exp": 1_700_000_000},
        {"sub": None},
        {"sub": ""},
        {"sub": " "},
        {"sub": 5},
        {"sub": ["u-2"]},
        {"sub": "u" * 256},
        {"iss": ["https://elsewhere.vn"]},
        {"nonce": None},
    ],
    ids=ascii,
)
def test_token_of_another_sign_in_is_refused(
    office: Office, issuer: Provider, spoilt: dict[str, object]
) -> None:
    issuer.knows("u-2", **UNIT)
    before = accounts(office)
    issuer.spoilt = spoilt
    try:
        came = come_in(office.client, issuer, "u-2")
    finally:
        issuer.spoilt = {}
    assert came.status_code == 403
    assert "account_refused" in came.text
    assert office.client.get_cookie("desk") is None
    assert accounts(office) == before


def of_header(**header: str) -> Callable[[str], str]:
    """The token below another header, with its own signature."""
    head = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    return lambda token: f"{head}.{token.partition('.')[2]}"


def unsigned(alg: str) -> Callable[[str], str]:
    return lambda token: of_header(alg=alg)(token).rpartition(".")[0] + "."


def signed_by(key: Key, alg: str) -> Callable[[str], str]:
    def signed(token: str) -> str:
        found = jws.extract_compact(token.encode())
        return jws.serialize_compact({**found.headers(), "alg": alg}, found.payload, key, [alg])

    return signed


@pytest.mark.parametrize(
    "resigned",
    [
        *map(unsigned, ("none", "None", "RS256")),
        of_header(alg="none"),
        signed_by(OctKey.import_key(CLIENT["oidc_client_secret"]), "HS256"),
        signed_by(RSAKey.generate_key(2048), "RS256"),
        lambda token: "",
        lambda token: token[:-9],
    ],
    ids=["none", "None", "RS256", "of none", "secret", "other key", "empty", "cut"],
)
@pytest.mark.parametrize(
    "offered", gate_takes_first(2, [None, ["RS256", "none"], ["none"], ["HS256", "none"]]), ids=str
)
def test_token_not_signed_by_the_provider_is_refused(
    office: Office,
    issuer: Provider,
    monkeypatch: pytest.MonkeyPatch,
    resigned: Callable[[str], str],
    offered: list[str] | None,
) -> None:
    monkeypatch.setattr(issuer, "signatures", offered)
    fresh = oidc.Issuer(Settings(oidc_issuer=issuer.issuer, **CLIENT))
    monkeypatch.setitem(office.app.extensions, "diachiso_issuer", fresh)
    issuer.knows("u-8", **UNIT)
    client, before = office.app.test_client(), accounts(office)
    with monkeypatch.context() as while_signing_in:
        while_signing_in.setattr(issuer, "resigned", resigned)
        came = come_in(client, issuer, "u-8")
    assert (came.status_code, client.get_cookie("desk")) == (403, None)
    assert "account_refused" in came.text
    assert accounts(office) == before
    # Everything else was right.
    assert come_in(client, issuer, "u-8").status_code == 303


def test_state_is_accepted_once(office: Office, issuer: Provider) -> None:
    issuer.knows("u-9", **UNIT)
    client = office.app.test_client()
    there = client.get("/desk/sign-in/account")
    tried = client.get_cookie("sign_in", path="/desk/sign-in/account")
    assert tried is not None
    # The provider vouches for the same try as often as it is asked, each time with a new code.
    first, second, third = (issuer.sends_back(there, "u-9") for _ in range(3))
    assert client.get(first).status_code == 303
    client.delete_cookie("desk", path="/")
    for back in (first, second):
        refused = client.get(back)
        assert (refused.status_code, client.get_cookie("desk")) == (403, None)
        assert "trình duyệt này" in refused.text
    # Neither does one that was refused.
    client.get("/desk/sign-in/account")
    assert client.get(third).status_code == 403
    assert client.get_cookie("sign_in", path="/desk/sign-in/account") is None


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, "chưa có vai trò"),
        ({"diachiso_role": "boss", "diachiso_units": COMMUNE}, "chưa có vai trò"),
        ({"diachiso_role": "editor"}, "thuộc xã, tỉnh nào"),
        ({"diachiso_role": "viewer", "diachiso_units": []}, "thuộc xã, tỉnh nào"),
        ({"diachiso_role": "editor", "diachiso_units": ["VN"]}, "VN"),
        ({"diachiso_role": "editor", "diachiso_units": ["99999"]}, "99999"),
        # Đống Đa, which is several wards now.
        ({"diachiso_role": "editor", "diachiso_units": ["006"]}, "Phường Láng (00199)"),
        # The whole country must be stated explicitly, and alone.
        *(
            ({"diachiso_role": "admin", "diachiso_units": units}, "thuộc xã, tỉnh nào")
            for units in (None, "", [], {}, {"VN": True}, 5, [["VN"]], ["01", 5], True)
        ),
        *(
            ({"diachiso_role": "admin", "diachiso_units": units}, "không có đơn vị mã")
            for units in (
                "VN 01",
                ["VN", "VN"],
                "vn",
                "ＶＮ",
                ["\0"],
                ["0" * 5_000],
                "٠١",
            )
        ),
    ],
)
def test_account_without_a_role_or_unit_is_refused_with_the_reason(
    office: Office, issuer: Provider, claims: dict[str, object], expected: str
) -> None:
    issuer.knows("u-3", **claims)
    came = come_in(office.client, issuer, "u-3")
    assert came.status_code == 403
    assert expected in came.text
    assert all(name != "u-3" for name, *_ in accounts(office))


def test_sign_in_started_in_another_browser_is_refused(office: Office, issuer: Provider) -> None:
    issuer.knows("u-4", **UNIT)
    own, other = office.app.test_client(), office.app.test_client()
    back = issuer.sends_back(own.get("/desk/sign-in/account"), "u-4")
    other.get("/desk/sign-in/account")
    for client in (other, office.app.test_client()):
        refused = client.get(back)
        assert (refused.status_code, client.get_cookie("desk")) == (403, None)
        assert "trình duyệt này" in refused.text
    assert own.get(back.replace("state=", "state=x")).status_code == 403
    denied = issuer.sends_back(own.get("/desk/sign-in/account"), "u-4", action="deny")
    assert own.get(denied).status_code == 403


@pytest.mark.parametrize(
    "cookie",
    ["[" * 60_000, '{"a":' * 700, "null", "[]", "5", "", '"x"', "{", "\\udc80", "{}"]
    + [json.dumps(dict.fromkeys(TRY, each)) for each in (None, 5, "", [], {}, True)]
    + [json.dumps(dict.fromkeys(TRY, "s") | {"leads_to": each}) for each in (5, [], None)]
    + [json.dumps(dict.fromkeys(TRY, "s") | {"more": 1})],
    ids=lambda cookie: ascii(cookie[:40]),
)
def test_invalid_sign_in_cookie_is_refused(office: Office, cookie: str) -> None:
    client = office.app.test_client()
    sent = {"Cookie": f"sign_in={cookie}"}
    for query in ("", "?state=s&code=x", "?state=&code=x", "?state=5&code=x"):
        refused = client.get(f"/desk/sign-in/account/done{query}", headers=sent)
        assert (refused.status_code, client.get_cookie("desk")) == (403, None)


@pytest.mark.parametrize(
    "to",
    ["//evil.vn", "///desk", "///desk/x", " ///desk", "\t//desk", "/\\evil.vn", "https:/desk",
     "https://evil.vn/desk", "javascript:alert(1)", "/deskevil", "desk", "/desk\\evil.vn"],
)  # fmt: skip
def test_sign_in_never_redirects_to_another_site(to: str) -> None:
    assert own_path(to) == "/desk"


def test_account_name_is_shown_escaped(office: Office, issuer: Provider) -> None:
    for name in ("Ỷ Lan 🌿", "a\r\nSet-Cookie: x=y", "n" * 5_000, ["An"], 5):
        issuer.spoilt = {"name": name}
        issuer.knows("u-7", **UNIT)
        try:
            came = come_in(office.app.test_client(), issuer, "u-7")
        finally:
            issuer.spoilt = {}
        assert came.status_code == 303, name


def test_account_is_revoked_restored_and_signed_out(office: Office, issuer: Provider) -> None:
    issuer.knows("u-5", diachiso_role="admin", diachiso_units="VN")
    seat = Seat(office.app.test_client())
    assert come_in(seat.client, issuer, "u-5", to="//elsewhere.vn").location == "/desk"
    name = accounts(office)[-1][0]
    office.revoke(name)
    assert seat.get("/desk").status_code == 303
    assert come_in(seat.client, issuer, "u-5").status_code == 401
    office.by_owner("UPDATE api_key SET revoked_at = NULL WHERE name = :name", name=name)
    assert come_in(seat.client, issuer, "u-5").status_code == 303
    assert seat.client.get_cookie("desk_name", path="/desk") is None
    issuer.knows("u-5", name="An", diachiso_role="admin", diachiso_units=["VN"])
    come_in(seat.client, issuer, "u-5")
    assert seat.client.get_cookie("desk_name", path="/desk") is not None
    left = seat.post("/desk/sign-out")
    assert left.location == "/desk/sign-in?left=account"
    assert "/desk/sign-in/account/leave" in seat.get(left.location).text
    assert seat.client.get_cookie("desk_name", path="/desk") is None
    leaving = seat.get("/desk/sign-in/account/leave").location
    assert leaving.startswith(f"{issuer.issuer}/oauth2/end_session?")
    assert "client_id=dia-chi-so" in leaving


def test_form_is_kept_while_its_author_signs_in_again(office: Office, issuer: Provider) -> None:
    client = office.app.test_client()
    asked = client.post("/desk/sign-out", data={"reason": "đã gõ"})
    assert asked.status_code == 401
    assert 'action="/desk/sign-in/kept"' in asked.text
    issuer.knows("u-6", **UNIT)
    come_in(client, issuer, "u-6")
    shown = client.post("/desk/sign-in/kept", data={"to": "/desk/sign-out", "kept.reason": "đã gõ"})
    assert 'name="reason" value="đã gõ"' in shown.text
    assert 'name="csrf" value="' in shown.text


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.mark.parametrize(
    ("head", "part", "pause_s"),
    [
        (b"", b"H", 0.05),
        (HEAD, b"X-Long: 1\r\n", 0.05),
        (HEAD + b"\r\n", b" ", 0.05),
        (HEAD + b"\r\n", b" " * 100_000, 0.0),
    ],
    ids=["status", "headers", "body", "endless"],
)
def test_endless_provider_response_times_out(
    office: Office, monkeypatch: pytest.MonkeyPatch, head: bytes, part: bytes, pause_s: float
) -> None:
    monkeypatch.setattr(oidc, "_TOTAL_S", 0.4 if pause_s else 30.0)
    with never_ending(head, part, pause_s) as url:
        away = oidc.Issuer(Settings(oidc_issuer=url, **CLIENT))
        monkeypatch.setitem(office.app.extensions, "diachiso_issuer", away)
        response = office.client.get("/desk/sign-in/account")
        assert response.status_code == 503
        assert "issuer_unavailable" in response.text


def test_name_lookup_of_the_provider_times_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        """As where no name server answers."""
        over.wait(20)
        raise socket.gaierror

    monkeypatch.setattr(oidc, "_TOTAL_S", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    away = oidc.Issuer(Settings(oidc_issuer="https://vneid.example", **CLIENT))
    monkeypatch.setitem(office.app.extensions, "diachiso_issuer", away)
    began = time.monotonic()
    response = office.client.get("/desk/sign-in/account")
    took = time.monotonic() - began
    over.set()
    assert response.status_code == 503
    assert "issuer_unavailable" in response.text
    assert took < 10


def test_silent_provider_is_reported(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oidc, "_TIMEOUT_S", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        url = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        away = oidc.Issuer(Settings(oidc_issuer=url, **CLIENT))
        monkeypatch.setitem(office.app.extensions, "diachiso_issuer", away)
        for _ in range(2):  # the second time it is not even asked
            response = office.client.get("/desk/sign-in/account")
            assert response.status_code == 503
            assert "issuer_unavailable" in response.text
            assert 'name="key"' in response.text
