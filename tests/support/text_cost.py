"""The cost of answering a text: processor time of this process, and database statements."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

from flask.testing import FlaskClient

from registry.core.reads import Reads
from registry.lifecycle.reports.new_houses import MAX_TEXT
from registry.search.read.completed_text import UNITS
from tests.support.made_texts import LONGEST

PROCESSOR_MS: Final = 60.0
QUESTIONS: Final = 40
_AGAIN: Final = 5
"""Measurements of what seems to be dear: a busy machine makes anything so once."""
_INSIDE: Final = 50


@dataclass(frozen=True)
class Cost:
    """Of one text by one way of asking."""

    text: str
    way: str
    milliseconds: float
    questions: int

    @property
    def is_too_much(self) -> bool:
        """Whether it is more than any text may cost."""
        return self.milliseconds > PROCESSOR_MS or self.questions > QUESTIONS


def _batch(client: FlaskClient, operation: str, **row: str) -> Any:
    return client.post(f"/v1/batch/{operation}", json={"rows": [row]})


def _tool(client: FlaskClient, name: str, **arguments: str) -> Any:
    headers = {"Accept": "application/json, text/event-stream"}
    call = {"name": name, "arguments": arguments}
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    return client.post("/mcp", json=message, headers=headers)


def _columns(text: str) -> dict[str, str]:
    """The text cut into the parts of an address, each as long as it may be."""
    names = ("house_number", "street", "locality", "building", *UNITS)
    return {name: text[at * 200 : (at + 1) * 200] for at, name in enumerate(names)}


def _new_house(text: str) -> dict[str, object]:
    return {"kind": "new_house", "lon": 105.81, "lat": 21.01, "address": text[:MAX_TEXT]}


WAYS: Final[dict[str, Callable[[FlaskClient, str], Any]]] = {
    "geocode": lambda client, text: client.post("/v1/geocode", json={"q": text}),
    "validate": lambda client, text: client.post("/v1/validate", json={"address": text}),
    "autocomplete": lambda client, text: client.get(
        "/v1/autocomplete", query_string={"q": text[:200]}
    ),
    "units": lambda client, text: client.get("/v1/units/convert", query_string={"text": text}),
    "batch geocode": lambda client, text: _batch(client, "geocode", q=text),
    "batch validate": lambda client, text: _batch(client, "validate", address=text),
    "tool": lambda client, text: _tool(client, "validate", address=text),
    "columns": lambda client, text: client.post("/v1/validate", json=_columns(text)),
    "tool geocode": lambda client, text: _tool(client, "geocode", q=text),
    "page": lambda client, text: client.post("/try", data={"text": " ".join(text.splitlines())}),
    "page of search": lambda client, text: client.get("/a", query_string={"code": text}),
    "route": lambda client, text: client.post("/v1/routes", json={"rows": [{"address": text}]}),
    "new house": lambda client, text: client.post("/v1/reports", json=_new_house(text)),
}
"""Ways in which anybody may have a text answered."""


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements asked in the block by whatever answers texts."""
    asked: list[str] = []
    rows = Reads.rows

    def counting(self: Reads, statement: str, parameters: Any) -> Any:
        asked.append(statement)
        return rows(self, statement, parameters)

    with patch.object(Reads, "rows", counting):
        yield asked


def cost_of(client: FlaskClient, way: str, text: str) -> Cost:
    """The least that it took; raises AssertionError where the service failed."""
    times, questions = [], 0
    for zeros in range(_AGAIN):
        # As good as the same, and not remembered.
        written = f"{text[:_INSIDE]}{'0' * zeros}{text[_INSIDE:]}"[:LONGEST]
        with counted() as asked:
            started = time.process_time()
            with WAYS[way](client, written) as answer:
                answer.get_data()  # rows of a batch are answered while they are read
            times.append((time.process_time() - started) * 1000)
        assert answer.status_code != 500, (way, written)
        questions = max(questions, len(asked))
        if times[-1] <= PROCESSOR_MS / 2:
            break
    return Cost(text, way, min(times), questions)
