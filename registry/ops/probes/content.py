"""Probes of the register's content: codes, units of every map, the change feed."""

import datetime
from typing import Final

import numpy as np
from sqlalchemy import text

from geo.code import PAYLOAD_FIRST
from geo.code_bulk import codes_from_serials, serials_from_codes
from geo.permutation import KEY_BYTES, N, Permutation
from registry.core.messages import Message
from registry.core.sql import Statements
from registry.ops.probes.alerts import Alert
from registry.ops.probes.probe import Finding, Subject, failure, none_of, ok, probe, warning
from registry.units import LAST_DAY_OF_OLD_MAP
from registry.units.seeds import seed_sha256

SQL: Final = Statements(__file__, "queries.sql")

_NEWEST: Final = 10_000
"""Records whose codes are compared with the sequence, limited to keep it cheap."""

_NEXT: Final = 20_000
"""Upcoming codes that must not exist yet: a sequence that was reset is below many."""

_PENDING_ALERT_S: Final = 300
"""Age of the oldest pending event; the probe counts those older than a minute (`pending`)."""

_UNITS: Final = Message("advice_load_units_or_restore")

UNITS_BEFORE: Final = {"province": 63, "district": 696, "commune": 10_035}
UNITS_TODAY: Final = {"province": 34, "district": 0, "commune": 3_321}

# The sources of the seeds do not name successors of these (registry/seed/README.md).
_WITHOUT_SUCCESSOR: Final = frozenset({"28825"})


@probe(hint=Message("advice_restore_backup"))
def code_key(subject: Subject) -> Finding:
    """The key of the codes is there."""
    key = subject.connection.scalar(text("SELECT key FROM code_key"))
    if key is None:
        return failure(Message("code_key_missing"))
    if len(key) != KEY_BYTES or not any(key):
        return failure(Message("code_key_malformed", count=len(key)))
    return ok()


@probe(hint=Message("advice_stop_issuing"))
def code_ordinals(subject: Subject) -> Finding:
    """The ordinals of codes are ahead of those issued, and enough of them are left."""
    connection = subject.connection
    last, is_called = connection.execute(
        text("SELECT last_value, is_called FROM code_ordinal")
    ).one()
    drawn = last + 1 if is_called else last
    left = N - drawn
    key = connection.scalar(text("SELECT key FROM code_key"))
    if key is None or len(key) != KEY_BYTES:
        return failure(Message("not_comparable_without_key"))
    permutation = Permutation(key)
    codes = connection.scalars(
        text("SELECT code FROM household ORDER BY event_id DESC LIMIT :n"), {"n": _NEWEST}
    )
    serials, valid = serials_from_codes(np.array([code.encode() for code in codes], dtype="S8"))
    if not valid.all():
        return failure(Message("newest_codes_fail_check", count=np.count_nonzero(~valid)))
    ahead = [s for s in serials.tolist() if s >= PAYLOAD_FIRST and permutation.ordinal(s) >= drawn]
    if ahead:
        count = len(serials)
        return failure(
            Message("codes_ahead_of_sequence", ahead=len(ahead), count=count, drawn=drawn)
        )
    next_ordinals = np.arange(drawn, min(drawn + _NEXT, N), dtype=np.int64)
    upcoming = codes_from_serials(permutation.code_serials(next_ordinals))
    used = connection.scalar(
        text("SELECT count(*) FROM household WHERE code = ANY (:codes)"),
        {"codes": [code.decode() for code in upcoming.tolist()]},
    )
    if used:
        return failure(Message("next_codes_already_issued", used=used, count=len(upcoming)))
    detail = Message("left_of_total", left=left, total=N)
    return ok(detail) if left > N // 10 else warning(detail)


@probe(hint=Message("advice_load_units"))
def seeds(subject: Subject) -> Finding:
    """The units loaded are those of this checkout's seeds."""
    loaded = subject.connection.scalar(text("SELECT seed_sha256 FROM gazetteer_state"))
    here = seed_sha256()
    if loaded == here:
        return ok(here[:12])
    return failure(Message("units_loaded_differ", loaded=(loaded or "none")[:12], here=here[:12]))


@probe(hint=_UNITS)
def units_before_the_reform(subject: Subject) -> Finding:
    """On 30 June 2025 there were 63 provinces, 696 districts and 10,035 communes."""
    found = _count(subject, LAST_DAY_OF_OLD_MAP)
    return ok() if found == UNITS_BEFORE else failure(Message("units_counted", **found))


@probe(hint=_UNITS)
def units_today(subject: Subject) -> Finding:
    """Today there are 34 provinces and 3,321 communes, and what decisions made of them since."""
    found = _count(subject, None)
    if found == UNITS_TODAY:
        return ok()
    decisions = subject.connection.scalar(
        text("SELECT count(*) FROM admin_unit_version WHERE source LIKE 'decision%'")
    )
    if decisions:
        units = Message("units_counted", **found)
        return ok(Message("units_after_decisions", units=units, decisions=decisions))
    return failure(Message("units_counted", **found))


def _count(subject: Subject, day: datetime.date | None) -> dict[str, int]:
    rows = subject.connection.execute(SQL.text("units_by_level"), {"day": day})
    return {**dict.fromkeys(UNITS_TODAY, 0), **{row.level: row.n for row in rows}}


@probe(hint=Message("advice_record_successor"))
def successions(subject: Subject) -> Finding:
    """Every commune and province that ended has a successor."""
    codes = subject.names(SQL.text("without_succession"))
    without = [code for code in codes if code not in _WITHOUT_SUCCESSOR]
    if not without:
        known = ", ".join(sorted(_WITHOUT_SUCCESSOR))
        return ok(Message("except_without_successor", without_successor=known))
    return none_of(without, "units_without_successor")


@probe(hint=Message("advice_when_day_known"))
def days_of_effect(subject: Subject) -> Finding:
    """Every change of a unit that is signed has a day of effect."""
    return none_of(subject.names(SQL.text("signed_days")), "units_without_day", warning)


@probe(
    Alert(
        "FeedWaits",
        f"max(diachiso_event_pending_age_seconds) > {_PENDING_ALERT_S}",
        "warn",
        "what was committed {{ $value | humanizeDuration }} ago is not in the feed",
        lasts="5m",
    ),
    hint=Message("advice_pending_events"),
)
def feed(subject: Subject) -> Finding:
    """No event waits longer than a minute for its place in the change feed."""
    pending = subject.connection.execute(SQL.text("pending")).one()
    if not pending.late:
        return ok()
    return failure(Message("events_waiting", count=pending.late, age_s=float(pending.age_s) / 60))
