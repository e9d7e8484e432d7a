"""Probes of households: their references, and duplicate doors.

Each scans the register once, in seconds for millions of households.
"""

from typing import Final

from sqlalchemy import text

from registry.core.messages import Message, Several
from registry.core.sql import Statements
from registry.core.stored_keys import COLUMNS, stale_keys
from registry.coverage.count_cache import wrong_counts
from registry.ops.probes.probe import (
    NAMED,
    Finding,
    Subject,
    all_of,
    failure,
    none_of,
    ok,
    over,
    probe,
    warning,
)
from registry.units.held_units import holdings

SQL: Final = Statements(__file__, "queries.sql")

_EMPTY_SHARE: Final = 0.05
"""Beyond this share, streets and localities without households are more than new names."""


@probe(hint=Message("advice_attach_flats"))
def flats_have_their_building(subject: Subject) -> Finding:
    """Every living flat is in a living building of its commune."""
    return none_of(
        [_shown(code) for code in subject.names(SQL.text("lost_flats"))], "flats_without_building"
    )


@probe(hint=Message("advice_restore_backup"))
def households_have_their_place(subject: Subject) -> Finding:
    """Every household's street and locality exist in its commune."""
    return none_of(
        [_shown(code) for code in subject.names(SQL.text("lost_places"))],
        "households_without_place",
    )


@probe(hint=Message("advice_restore_backup"))
def places_carry_their_holders(subject: Subject) -> Finding:
    """The ids of what holds a locality are those that its parents lead to."""
    return none_of(subject.names(SQL.text("wrong_holders")), "places_with_other_holders")


@probe(hint=Message("advice_restore_backup"))
def references_have_their_household(subject: Subject) -> Finding:
    """References, former numbers and plates name records that exist."""
    counts = subject.connection.execute(SQL.text("orphans")).one()
    found = [
        Message(f"counted_{name}", count=n) for name, n in zip(_REFERRING, counts, strict=True) if n
    ]
    return all_of(found)


_REFERRING: Final = ("references", "former_numbers", "external_ids", "plates")


@probe(hint=Message("advice_merge_unused_places"))
def places_have_households(subject: Subject) -> Finding:
    """Streets and localities have households, in themselves or in what they hold."""
    counts = subject.connection.execute(SQL.text("unused_places")).one()
    places = {"streets": counts[:2], "localities": counts[2:]}
    found = [
        Message(f"empty_{name}", empty=empty, total=total)
        for name, (total, empty) in places.items()
        if empty
    ]
    share = max((empty / total for total, empty in places.values() if empty), default=0)
    return over(share, Several(found) if found else "", warn=_EMPTY_SHARE)


@probe(hint=Message("advice_recount"))
def coverage_counts(subject: Subject) -> Finding:
    """The counts that are kept for coverage are those of the register."""
    return none_of(wrong_counts(subject.connection), "communes_counted_wrong")


@probe(hint=Message("advice_compare_duplicates"))
def doors_stand_once(subject: Subject) -> Finding:
    """No two living records have the same number or flat of a street or locality."""
    # The planner overestimates duplicates among millions of numbers, and would read all records.
    for way in ("enable_mergejoin", "enable_hashjoin"):
        subject.connection.execute(text(f"SET LOCAL {way} = off"))
    more, named = subject.connection.execute(SQL.text("duplicate_doors")).one()
    if not more:
        return ok()
    shown = ", ".join(_shown(code) for code in named)
    return warning(Message("duplicates_suspected", more=int(more), shown=shown))


@probe(hint=Message("advice_prepare_and_merge"))
def keys_are_of_todays_rules(subject: Subject) -> Finding:
    """Every street, locality, building and floor stands under the key that today's rules read."""
    problems = []
    for column in COLUMNS:
        stale = list(stale_keys(subject.connection, column))
        if stale:
            first = " ".join(stale[0].read_of[-2:]).strip()
            problems.append(
                Message("old_search_keys", count=len(stale), name=column.name, first=first)
            )
    return all_of(problems, warning)


@probe(hint=Message("advice_reform_households"))
def communes_of_households_exist(subject: Subject) -> Finding:
    """Every living household is in a commune of today."""
    rows = subject.connection.execute(SQL.text("missing_communes")).all()
    if not rows:
        return ok()
    total = sum(row.n for row in rows)
    named = ", ".join(f"{row.code} ({row.n:,})" for row in rows[:NAMED])
    return failure(
        Message("households_in_ended_communes", rows=total, count=len(rows), named=named)
    )


@probe(hint=Message("advice_reform_targets"))
def ended_units_hold_nothing(subject: Subject) -> Finding:
    """Streets, localities and targets belong to units of today."""
    ended = {
        row.id: row.code
        for row in subject.connection.execute(
            text("SELECT id, code FROM admin_unit WHERE upper(lifetime) <= current_date")
        )
    }
    held = holdings(subject.connection, list(ended))
    counts = {name: sum(getattr(one, name) for one in held.values()) for name in _OF_UNITS}
    found = [Message(f"counted_{name}", count=n) for name, n in counts.items() if n]
    if not found:
        return ok()
    codes = sorted({ended[i] for i, one in held.items() if any(getattr(one, n) for n in _OF_UNITS)})
    shown = ", ".join(codes[:NAMED])
    return warning(Message("found_in_ended_communes", found=found, count=len(codes), codes=shown))


_OF_UNITS: Final = ("streets", "localities", "targets")


@probe(hint=Message("advice_rebind_keys"))
def keys_are_bound_to_living_units(subject: Subject) -> Finding:
    """Keys are bound to units of today, and to no more parts of a split one than was decided."""
    ended, widened = subject.names(SQL.text("ended_keys")), subject.names(SQL.text("widened_keys"))
    problems = [
        Message(f"keys_{what}", count=len(found), names=found[:NAMED])
        for found, what in ((ended, "of_ended_units"), (widened, "of_split_units"))
        if found
    ]
    return all_of(problems, warning)


@probe(hint=Message("advice_deliver_areas_again"))
def services_are_of_living_units(subject: Subject) -> Finding:
    """Service areas are of communes of today."""
    return none_of(subject.names(SQL.text("ended_services")), "operators_named", warning)


@probe(hint=Message("advice_read_job_log"))
def reforms_are_carried(subject: Subject) -> Finding:
    """Prepared reforms are carried on their day."""
    return none_of(subject.names(SQL.text("reforms_due")), "reforms_not_carried")


def _shown(code: str) -> str:
    """Format a code for display, valid or not."""
    return f"{code[:4]}-{code[4:]}"
