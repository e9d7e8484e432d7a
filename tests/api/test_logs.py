"""What is logged about a request, and what never is."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask, request

from api.core import logs
from api.core.endpoint import public
from tests.support.units import open_app

SECRETS = [
    "12 Quán Thánh",
    "Qu%C3%A1n",
    "Trúc",
    "00004",
    "99999",
    "203.0.113.7",
    "agent-x",
    "ref-y",
]


Call = Callable[..., tuple[str, list[dict[str, Any]]]]


@pytest.fixture
def configure(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """Logs as the server has them, to be configured by the test: pytest's stderr is made late."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]

    def now() -> None:
        logs.configure_logs()
        # The logger in the module keeps the stderr that it first wrote to.
        monkeypatch.setattr(logs, "log", structlog.get_logger("diachiso"))

    yield now
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def lines(
    database_url: str, capsys: pytest.CaptureFixture[str], configure: Callable[[], None]
) -> Iterator[Call]:
    """Call the application; return its log as text and as lines."""
    with open_app(database_url) as app:
        fail(app)

        def call(path: str, method: str = "GET") -> tuple[str, list[dict[str, Any]]]:
            configure()
            app.test_client().open(
                path,
                method=method,
                headers={
                    "X-Forwarded-For": "203.0.113.7",
                    "User-Agent": "agent-x",
                    "Referer": "http://ref-y/",
                },
                environ_base={"REMOTE_ADDR": "203.0.113.7"},
            )
            written = capsys.readouterr().err
            return written, [json.loads(line) for line in written.splitlines()]

        yield call


def fail(app: Flask) -> None:
    def look_up(code: str) -> None:
        raise LookupError(f"no household {code} at {request.args['text']}")

    def broken(code: str) -> str:
        try:
            look_up(code)
        except LookupError as error:
            raise ValueError(f"cannot show {code}") from error
        return code

    app.add_url_rule("/fail/<code>", view_func=public()(broken))


@pytest.mark.parametrize(
    ("path", "method", "rule", "status"),
    [
        ("/v1/units/00004", "GET", "/v1/units/<code>", 200),
        ("/v1/units/99999", "GET", "/v1/units/<code>", 404),
        ("/v1/units/convert?text=12 Quán Thánh, Trúc Bạch", "GET", "/v1/units/convert", 200),
        ("/v1/units?q=Trúc Bạch&as_of=Trúc", "GET", "/v1/units", 422),
        ("/v1/units?Trúc=1", "GET", "/v1/units", 422),
        ("/12 Quán Thánh/00004", "GET", None, 404),
        ("/v1/units/00004", "POST", None, 405),
        ("/v1/units?q=Trúc%FF", "GET", "/v1/units", 400),
        ("/healthz", "HEAD", "/healthz", 200),
    ],
)
def test_request_is_logged_in_one_line_without_its_values(
    lines: Call, path: str, method: str, rule: str | None, status: int
) -> None:
    written, (line,) = lines(path, method)
    assert line.pop("ms") >= 0
    assert line.pop("timestamp").endswith("Z")
    assert len(line.pop("id")) == 32
    assert line == {
        "event": "request",
        "level": "info",
        "method": method,
        "rule": rule,
        "status": status,
    }
    assert [secret for secret in SECRETS if secret in written] == []


def test_internal_error_is_logged_with_a_traceback_but_no_message(lines: Call) -> None:
    written, (failure, answered) = lines("/fail/00004?text=12 Quán Thánh")
    assert (failure["event"], failure["level"]) == ("failed", "error")
    assert failure["rule"] == "/fail/<code>"
    assert "in broken" in failure["trace"]
    assert failure["trace"].rstrip().endswith("LookupError")
    assert "ValueError" in failure["trace"]
    assert answered["status"] == 500
    assert [secret for secret in SECRETS if secret in written] == []


@pytest.mark.parametrize(
    ("given", "kept"),
    [("7d1f-00A9-e4", True), ("12 Quán Thánh".encode(), False), ("a" * 65, False), ("", False)],
)
def test_error_is_found_by_its_request_id(
    database_url: str,
    capsys: pytest.CaptureFixture[str],
    configure: Callable[[], None],
    given: str | bytes,
    kept: bool,
) -> None:
    with open_app(database_url) as app:
        fail(app)
        configure()
        response = app.test_client().get("/fail/00004", headers={"X-Request-Id": given})
    found = response.headers["X-Request-Id"]
    assert (found == given) == kept
    assert response.get_json()["instance"] == f"urn:diachiso:request:{found}"
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert {line["id"] for line in lines} == {found}


def test_warnings_of_libraries_are_logged_as_json(
    configure: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    configure()
    logging.getLogger("another.package").warning("slow %s", "đĩa")
    logging.getLogger("another.package").info("not said")
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert (line["event"], line["level"]) == ("slow đĩa", "warning")


def test_unwritable_log_line_fails_no_request() -> None:
    with Path("/dev/full").open("wb") as full:
        logs._Lines(full).write(b"{}\n")
