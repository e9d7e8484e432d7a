"""The public board: figures of the service, counted by itself."""

import datetime
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any, Final

from flask import Response, current_app, jsonify

from api.core.access import caller
from api.core.context import counts, gazetteer, register
from api.core.endpoint import public_page
from api.core.service import KINDS, OTHER
from api.pages.blueprint import page_blueprint
from api.pages.report_forms import KIND_WORDS
from api.pages.shell import page
from registry.access.reach import writable
from registry.core.database import session_scope
from registry.core.messages import N_, _
from registry.coverage.count_cache import count_for_readers
from registry.coverage.figures import Counts
from registry.coverage.measure import coverage_of_level
from registry.ops.overview import state_of_data
from registry.ops.service_counts import VERDICT, RequestCount, counted_since, recent_counts
from registry.ops.supervision import Carrier, Reported, recent_carriers, recent_reports
from registry.units.gazetteer import VIET_NAM

blueprint = page_blueprint("board")

_DAYS: Final = (1, 7, 30)
_LONGEST_DAYS: Final = max(_DAYS)
_KEPT_S: Final = 10.0
"""How long figures are cached: the board may have many readers."""
_EXTENSION: Final = "diachiso_board"
_OUTCOMES: Final = ("refused", "limited", "failed")
VERDICTS: Final = {
    "accept": N_("Right as it stands"),
    "correct": N_("Right, written anew"),
    "confirm": N_("One question to ask"),
    "complete": N_("Something is missing"),
    "unverified": N_("Not on record yet"),
    "reject": N_("No address"),
}


@dataclass(frozen=True, slots=True)
class _Figures:
    """The figures of the board at one moment."""

    at: datetime.datetime
    since: datetime.date | None
    asked: dict[int, list[RequestCount]]
    """Days → what was asked in them."""
    reports: list[Reported]
    carriers: list[Carrier]
    counts: Counts
    """Of the whole country."""
    changed_at: datetime.datetime | None
    demo: bool


class _Cache:
    """A cache of the figures."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: tuple[float, _Figures] | None = None

    def figures(self) -> _Figures:
        """Return the figures, at most ten seconds old."""
        with self._lock:
            if self._found is None or self._found[0] < time.monotonic() - _KEPT_S:
                self._found = time.monotonic(), _read()
            return self._found[1]


@blueprint.get("/board")
@public_page(takes_session=True)
def get_board() -> Response:
    """The figures as a page."""
    figures = _figures()
    return page(
        "board.html",
        figures=figures,
        days=_DAYS,
        longest=_LONGEST_DAYS,
        requests=_requests(figures),
        verdicts=_verdicts(figures),
        report_words={kind: _(words) for kind, words in KIND_WORDS.items()},
        carriers=[*_named(figures.carriers), _sum(figures.carriers)],
    )


@blueprint.get("/board.json")
@public_page(takes_session=True)
def get_figures() -> Response:
    """The figures as JSON; carriers without their names."""
    figures = _figures()
    changed, total = figures.changed_at, figures.counts
    return jsonify(
        {
            "at": figures.at.isoformat(timespec="seconds"),
            "counted_since": figures.since and figures.since.isoformat(),
            "days": _LONGEST_DAYS,
            "requests": [
                {"kind": each["code"], **each["outcomes"], "asked": each["asked"][_LONGEST_DAYS]}
                for each in _requests(figures)
            ],
            "verdicts": {
                each["code"]: each["counts"][_LONGEST_DAYS] for each in _verdicts(figures)
            },
            "reports": [
                {
                    "kind": each.kind,
                    "waiting": each.waiting,
                    "accepted": each.accepted,
                    "rejected": each.rejected,
                }
                for each in figures.reports
            ],
            "carriers": {
                "keys": len(figures.carriers),
                "reports": sum(each.reports for each in figures.carriers),
                "verified": sum(each.verified for each in figures.carriers),
            },
            "data": {
                "changed_at": changed and changed.isoformat(timespec="seconds"),
                "demo": figures.demo,
                "dwellings": total.dwellings,
                "verified_within_24_months": total.verified,
                "positioned": total.positioned,
            },
        }
    )


def _figures() -> _Figures:
    kept: _Cache = current_app.extensions.setdefault(_EXTENSION, _Cache())
    return kept.figures()


def _read() -> _Figures:
    made = register()
    counts().write()  # counts that this process has not written yet
    count_for_readers(made.engine)
    changed_at, demo = state_of_data(made.reads)
    with session_scope(made.read_engine) as session:
        found = coverage_of_level(session, gazetteer(), "province", demo=demo)
    return _Figures(
        datetime.datetime.now(VIET_NAM),
        counted_since(made.reads),
        {days: recent_counts(made.reads, days) for days in _DAYS},
        recent_reports(made.reads, _LONGEST_DAYS),
        recent_carriers(made.reads, _LONGEST_DAYS),
        found.total.counts,
        changed_at,
        demo,
    )


def _requests(figures: _Figures) -> list[dict[str, Any]]:
    """Return by kind the number of requests in each period, and the outcomes in the longest."""
    asked: defaultdict[tuple[int, str], int] = defaultdict(int)
    outcomes: defaultdict[tuple[str, str], int] = defaultdict(int)
    for days, counted in figures.asked.items():
        for each in counted:
            asked[days, each.kind] += each.times
            if days == _LONGEST_DAYS:
                outcomes[each.kind, each.outcome] += each.times
    return [
        {
            "code": kind.code,
            "label": _(kind.title),
            "asked": {days: asked[days, kind.code] for days in _DAYS},
            "outcomes": {name: outcomes[kind.code, name] for name in _OUTCOMES},
        }
        for kind in (*KINDS, OTHER)
    ]


def _verdicts(figures: _Figures) -> list[dict[str, Any]]:
    given: defaultdict[tuple[int, str], int] = defaultdict(int)
    for days, counted in figures.asked.items():
        for each in counted:
            if each.kind == VERDICT:
                given[days, each.outcome] += each.times
    return [
        {
            "code": verdict,
            "label": _(words),
            "counts": {days: given[days, verdict] for days in _DAYS},
        }
        for verdict, words in VERDICTS.items()
    ]


def _named(carriers: list[Carrier]) -> list[Carrier]:
    """Return the carriers visible to the caller: all for an admin of the country, else itself."""
    asking = caller()
    if asking.may("admin") and writable() is None:
        return carriers
    return [each for each in carriers if each.key_id == asking.key_id]


def _sum(carriers: list[Carrier]) -> Carrier:
    return Carrier(
        0,
        "",
        sum(each.reports for each in carriers),
        sum(each.accepted for each in carriers),
        sum(each.rejected for each in carriers),
        sum(each.verified for each in carriers),
    )
