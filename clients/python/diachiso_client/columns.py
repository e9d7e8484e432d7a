"""A column of addresses, geocoded: a list, or what pandas, polars or pyarrow keep one in."""

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from importlib import import_module
from typing import Any, Final, TypeAlias

import httpx

from .generated import AuthenticatedClient, Client
from .generated.api.search import run_batch
from .generated.models import (
    AnsweredRow,
    BatchAnswer,
    BatchBody,
    BatchBodyRowsItem,
    Feature,
    Found,
    Problem,
    RunBatchOperation,
)

Row: TypeAlias = dict[str, Any]

_NUMBERS: Final = ("confidence", "lon", "lat")
COLUMNS: Final = (
    *("status", "code", "code_display", "label", "level", "confidence", "faults", "lon", "lat"),
    *("commune_code", "commune", "province_code", "province"),
)
"""What is told of each address. `status` is `ok`, `ambiguous`, `nothing_found`, `empty`, or a
problem's code; of several places the first is told. `faults` are codes with a space between them.
"""
_EMPTY: Final = dict.fromkeys(COLUMNS) | {"status": "empty"}
_LATER: Final = ("too_many_requests", "enumeration_budget", "database_unavailable")
"""Statuses of rows that are answered another time."""
_PASSING: Final = (
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
)
_LONGEST_S: Final = 60.0


class Unfinished(RuntimeError):  # noqa: N818 - what is there is worth having
    """The register refuses, or went on not answering. `found` is what it told of each address.

    Given as `known`, the next call asks only for what is missing.
    """

    def __init__(self, why: str, found: dict[str, Row]) -> None:
        super().__init__(why)
        self.found = found


@dataclass(frozen=True)
class _Refusal:
    why: str
    passes: bool
    smaller: bool = False
    """Whether fewer rows at once may be taken."""
    wait_s: float | None = None


def geocode_column(
    client: Client | AuthenticatedClient,
    addresses: Any,
    *,
    known: Mapping[str, Row] | None = None,
    rows_at_once: int = 100,
    attempts: int = 8,
) -> Any:
    """What the register knows of each address: `COLUMNS`, a row for each one, in their order.

    A pandas Series gives a DataFrame with its index, a polars Series a DataFrame, an array of
    pyarrow a Table, and anything else a list of dicts. An address is asked once, however often it
    stands there. A register that asks to wait is waited for; raises Unfinished where it refuses, or
    where nothing comes of so many `attempts` on end.
    """
    texts = _texts(addresses)
    found: dict[str, Row] = dict(known or {})
    ahead = deque(text for text in dict.fromkeys(texts) if text and text not in found)
    failures = 0
    while ahead:
        asked = [ahead.popleft() for _ in range(min(rows_at_once, len(ahead)))]
        answered, refusal = _ask(client, asked)
        found |= answered
        ahead.extendleft(text for text in reversed(asked) if text not in answered)
        failures = failures + 1 if refusal and not answered else 0
        if refusal is None:
            continue
        if not refusal.passes or failures == attempts:
            raise Unfinished(refusal.why, found)
        if refusal.smaller and not answered:
            rows_at_once = max(1, rows_at_once // 2)
        pause_s = 2.0**failures if refusal.wait_s is None else refusal.wait_s
        time.sleep(min(pause_s, _LONGEST_S))
    return _like(addresses, [found[text] if text else _EMPTY for text in texts])


def _texts(addresses: Any) -> list[str | None]:
    """The addresses, of whatever kind the column is; None where there is none."""
    if _library(addresses) == "pandas":
        values = addresses.astype(object).where(addresses.notna(), None).tolist()
    elif _library(addresses) == "polars":
        values = addresses.to_list()
    elif _library(addresses) == "pyarrow":
        values = addresses.to_pylist()
    else:
        values = list(addresses)
    return [None if value is None or value != value else str(value).strip() for value in values]


def _library(addresses: Any) -> str:
    return type(addresses).__module__.partition(".")[0]


def _ask(
    client: Client | AuthenticatedClient, asked: list[str]
) -> tuple[dict[str, Row], _Refusal | None]:
    """What is told of the addresses in one request, and why no more is told."""
    body = BatchBody([BatchBodyRowsItem.from_dict({"q": text, "limit": 1}) for text in asked])
    try:
        answer = run_batch.sync_detailed(RunBatchOperation.GEOCODE, client=client, body=body)
    except (httpx.TransportError, ValueError) as error:  # ValueError: no JSON, as of a proxy
        return {}, _Refusal(f"no answer: {error!r}", passes=True)
    if not isinstance(answer.parsed, BatchAnswer):
        problem = answer.parsed
        why = f"{problem.code}: {problem.detail}" if problem else ""
        return {}, _Refusal(
            f"{answer.status_code.value} {why}".rstrip(),
            passes=answer.status_code in _PASSING,
            smaller=answer.status_code == HTTPStatus.TOO_MANY_REQUESTS,
            wait_s=_seconds(answer.headers.get("Retry-After")),
        )
    rows = dict(zip(asked, answer.parsed.rows, strict=True))
    later = [row.result.problem for row in rows.values() if row.result.status in _LATER]
    answered = {text: _row(row) for text, row in rows.items() if row.result.status not in _LATER}
    return answered, _later(later[0]) if later else None


def _later(problem: object) -> _Refusal:
    if not isinstance(problem, Problem):
        return _Refusal("the register told no more", passes=True)
    wait_s = problem.additional_properties.get("retry_after_s")
    return _Refusal(f"{problem.code}: {problem.detail}", passes=True, wait_s=_seconds(wait_s))


def _seconds(text: Any) -> float | None:
    try:
        return max(0.0, float(text))
    except (TypeError, ValueError):
        return None


def _row(row: AnsweredRow) -> Row:
    """The cells of one address, under the names of `COLUMNS`."""
    answer = row.result.answer
    cells: Row = dict.fromkeys(COLUMNS) | {"status": row.result.status}
    if isinstance(answer, Found) and answer.features:
        cells |= _place(answer.features[0])
    return cells


def _place(feature: Feature) -> Row:
    place = feature.properties
    lon, lat = feature.geometry.coordinates if feature.geometry else (None, None)
    return {
        "code": place.code,
        "code_display": place.code_display,
        "label": place.label,
        "level": place.level.value,
        "confidence": place.confidence,
        "faults": " ".join(fault.code for fault in place.faults),
        "lon": lon,
        "lat": lat,
        "commune_code": place.commune.code if place.commune else None,
        "commune": place.commune.name if place.commune else None,
        "province_code": place.province.code if place.province else None,
        "province": place.province.name if place.province else None,
    }


def _like(addresses: Any, rows: list[Row]) -> Any:
    """The rows as a table of the library that the column is of."""
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    if _library(addresses) == "pandas":
        pandas = import_module("pandas")
        kinds = {name: "float64" if name in _NUMBERS else "string" for name in COLUMNS}
        return pandas.DataFrame(columns, index=addresses.index, dtype=object).astype(kinds)
    if _library(addresses) == "polars":
        polars = import_module("polars")
        schema = {name: polars.Float64 if name in _NUMBERS else polars.String for name in COLUMNS}
        return polars.DataFrame(columns, schema=schema)
    if _library(addresses) == "pyarrow":
        pyarrow = import_module("pyarrow")
        text, number = pyarrow.string(), pyarrow.float64()
        fields = [(name, number if name in _NUMBERS else text) for name in COLUMNS]
        return pyarrow.table(columns, schema=pyarrow.schema(fields))
    return [dict(row) for row in rows]
