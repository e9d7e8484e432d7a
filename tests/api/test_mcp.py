"""MCP tools: what the SDK's client gets over both transports, and errors for hostile clients."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from mcp import Client, MCPError, StdioServerParameters

from api.mcp.tools import TOOLS
from registry.core.settings import ROOT, Settings
from tests.support.browser import serving
from tests.support.running import clean_environment
from tests.support.search_world import LANG, World
from tests.support.units import open_app

MARK = "Ngo-Khong-Ai-Biet"
"""Stands in what is asked, and then in no log."""
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def app(world: World) -> Iterator[Flask]:
    with open_app(world.url) as made:
        yield made


def same_questions(world: World) -> list[tuple[str, dict[str, Any], str, dict[str, Any]]]:
    """Tool, arguments, and the same of the API."""
    lon, lat = LANG
    code = world.codes["27 Láng"]
    text = "27 Láng"  # in two provinces
    return [
        ("lookup", {"code": code.lower()}, "GET", {"path": f"/v1/addresses/{code}"}),
        ("geocode", {"q": text}, "GET", {"path": "/v1/geocode", "query_string": {"q": text}}),
        (
            "reverse",
            {"lon": lon, "lat": lat, "limit": 2},
            "GET",
            {"path": f"/v1/reverse?lon={lon}&lat={lat}&limit=2"},
        ),
        (
            "validate",
            {"address": text},
            "POST",
            {"path": "/v1/validate", "json": {"address": text}},
        ),
        ("convert_units", {"code": "00008"}, "GET", {"path": "/v1/units/convert?code=00008"}),
        ("coverage", {"code": "01"}, "GET", {"path": "/v1/coverage/01"}),
        ("coverage", {}, "GET", {"path": "/v1/coverage"}),
    ]


async def answers_of(
    server: str | StdioServerParameters, asked: list[tuple[str, Any]]
) -> list[Any]:
    """What the SDK's client gets: its tools, each answer, and what an unknown tool is."""
    async with Client(server) as client:
        listed = await client.list_tools()
        answers = [await client.call_tool(name, arguments) for name, arguments in asked]
        with pytest.raises(MCPError, match="no such tool") as unknown:
            await client.call_tool("drop_table", {"address": MARK})
        assert unknown.value.error.code == -32602
        return [listed, *answers]


@pytest.mark.thorough
def test_both_transports_give_the_answers_of_the_api(
    world: World, client: FlaskClient, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    questions = same_questions(world)
    asked: list[tuple[str, Any]] = [(name, arguments) for name, arguments, _, _ in questions]
    wrong: list[tuple[str, Any]] = [
        ("geocode", {"q": MARK * 50_000}),
        ("validate", {"address": f"{MARK}, Phố Không Có", "colour": 1}),
        ("lookup", {"code": MARK}),
        ("reverse", {"lon": "đông", "lat": 21}),
    ]
    environment = {
        **clean_environment(),
        "DATABASE_URL": world.url,
        "DIACHISO_VAR": str(tmp_path),
        "PYTHONPATH": str(ROOT),
    }
    by_stdio = StdioServerParameters(
        command=sys.executable, args=["-m", "scripts.main", "mcp"], env=environment, cwd=ROOT
    )
    with serving(world.url) as url:
        over_http = asyncio.run(answers_of(f"{url}/mcp", asked + wrong))
    on_pipes = asyncio.run(answers_of(by_stdio, asked + wrong))
    for listed, *answers in (over_http, on_pipes):
        assert [tool.name for tool in listed.tools] == list(TOOLS)
        assert all(tool.annotations.read_only_hint for tool in listed.tools)
        for answer, (name, _, method, request) in zip(answers, questions, strict=False):
            body = dict(answer.structured_content)
            assert json.loads(answer.content[0].text) == body
            state = body.pop("register")
            assert (state["demo"], bool(state["changed_at"])) == (False, True)
            assert (name, body) == (name, client.open(method=method, **request).get_json())
        codes = [answer.structured_content["code"] for answer in answers[len(asked) :]]
        assert codes == ["invalid_input"] * 4
        assert all(answer.is_error for answer in answers[len(asked) :])
    assert len(over_http[2].structured_content["features"]) == 2  # never one of two
    output = capfd.readouterr()
    assert MARK not in output.out + output.err


def message(method: str, params: Any = None, **more: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}, **more}


HANDSHAKE = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "tests", "version": "1"},
}
CALL = {"name": "geocode", "arguments": {"q": MARK}}
MANY = {"q": "Láng"} | {f"k{number}": 1 for number in range(50_000)}
NONSENSE: list[tuple[Any, int, str]] = [
    (b"", 400, "Parse error"),
    (b"{" * 200_000, 400, "Parse error"),
    (b"[" * 200_000 + b"]" * 200_000, 400, "error"),
    (b'{"jsonrpc": "2.0", "id": 1, "method": "\xff"}', 400, "Parse error"),
    (b'{"jsonrpc": "2.0", "id": 1, "id": 2, "method": "tools/list"}', 422, "given_twice"),
    ([message("tools/call", CALL)] * 3, 400, "error"),
    ({"hello": MARK}, 400, "error"),
    (message("tools/call", {"name": 5}), 200, "-32602"),
    (message("tools/call", {"name": "geocode", "arguments": [1]}), 200, "-32602"),
    (message("tools/drop"), 200, "-32601"),
    (message("resources/list"), 200, "-32601"),
    (message("tools/call", {"name": "geocode", "arguments": {"q": "\0"}}), 200, "nul_character"),
    (message("tools/call", {"name": "geocode", "arguments": MANY}), 200, "49.999 lỗi khác"),
    (message("initialize", HANDSHAKE), 200, '"protocolVersion":"2025-06-18"'),
    ({"jsonrpc": "2.0", "method": "notifications/initialized"}, 202, ""),
]


@pytest.mark.parametrize(("sent", "status", "words"), NONSENSE)
def test_invalid_requests_are_reported_and_older_clients_served(
    client: FlaskClient, sent: Any, status: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
    answer = client.post("/mcp", data=body, headers=HEADERS)
    assert (answer.status_code, words in answer.text) == (status, True), answer.text[:300]
    assert status == 422 or answer.headers["Cache-Control"] == "no-store"
    assert len(answer.data) < 100_000
    output = capfd.readouterr()
    assert MARK not in output.out + output.err


@pytest.mark.thorough
def test_limits_bounds_and_methods_match_other_endpoints(world: World) -> None:
    limited = Settings(limits=True, rate_per_address=3)
    with open_app(world.url, None, limited) as app:
        client = app.test_client()
        listing = json.dumps(message("tools/list"))
        for left in (2, 1, 0):
            answer = client.post("/mcp", data=listing, headers=HEADERS)
            assert answer.status_code == 200
            assert f"r={left};" in answer.headers["RateLimit"]
        assert client.post("/mcp", data=listing, headers=HEADERS).status_code == 429
        with_key = {**HEADERS, "Authorization": "Bearer dcs_nothing"}
        assert client.post("/mcp", data=listing, headers=with_key).status_code == 401
    with open_app(world.url) as app:
        client = app.test_client()
        assert client.post("/mcp", data=b" " * 1_000_001, headers=HEADERS).status_code == 413
        for method in ("GET", "DELETE"):
            assert client.open("/mcp", method=method).status_code == 405
    with open_app("postgresql://nobody@127.0.0.1:1/nothing") as app:
        asked = json.dumps(message("tools/call", CALL))
        answer = app.test_client().post("/mcp", data=asked, headers=HEADERS).get_json()
        assert answer["result"]["isError"]
        assert answer["result"]["structuredContent"]["code"] == "database_unavailable"
