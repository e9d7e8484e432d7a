"""The steps of an import, in order, until the outcome of each row is decided.

A step is a script or a Python function, and names what it needs (`Workbench.has`): most files lack
coordinates, references or former names, and skip the steps for these.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from sqlalchemy.orm import Session

from registry.core.locks import Lock, hold_lock
from registry.core.messages import Message
from registry.core.remedies import Remedy
from registry.intake.columns.reader import SourceFile
from registry.intake.engine import Workbench
from registry.intake.judging.fixes import propose_fixes
from registry.intake.judging.footers import skip_footers
from registry.intake.judging.perimeter import reject_beyond
from registry.intake.judging.points import bring_seats, locate, locate_candidates, measure
from registry.intake.judging.row_rules import clean_values, weigh, write_problems
from registry.intake.matching.identifiers import check_identifiers
from registry.intake.matching.match import MOST, bring_places, bring_records, look_back
from registry.intake.matching.name_variants import tell_apart
from registry.intake.matching.names import register_functions
from registry.intake.matching.over_target import beyond_targets
from registry.intake.matching.settled_names import read_as_settled
from registry.intake.publishing.publish import is_still_so, refuse_demo_beside_real
from registry.units.boundaries.reach import DEGREE_KM
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import gazetteer_version


class MovedOnError(Exception):
    """A unit, record or place used for reading changed before it was locked: import again."""


@dataclass(frozen=True, slots=True)
class Job:
    """The input of the steps."""

    session: Session
    bench: Workbench
    file: SourceFile
    gazetteer: Gazetteer
    names: Mapping[str, str]
    """Settled names: spelling → name meant (`settled_names`)."""


class Step(NamedTuple):
    """A script or a function, and what it needs."""

    do: str | Callable[[Job], object]
    needs: str = ""


def decide(job: Job) -> None:
    """Run all steps; nothing is written to the register.

    Needs the tables of `stage` and the facts that `run` states. Fills `problem` with the problems
    of each row, `skipped` with rows that are not households, `outcome` with unchanged, changed,
    revived, linked or new for each row without an error, `written` with the new and changed rows,
    `near` with possible duplicates, and `vanished` with what a full delivery no longer has. Raises
    MovedOnError.
    """
    for do, needs in STEPS:
        if not job.bench.has(needs):
            continue
        if isinstance(do, str):
            job.bench.run(do, degree_km=DEGREE_KM, most=MOST)
        else:
            do(job)


def _remark_on_communes(job: Job) -> None:
    if not job.bench.value(_ANY_COMMUNE):
        job.file.table.remarks.append(_NO_COMMUNE)


def _remark_on_codes(job: Job) -> None:
    codes = job.file.columns.positions.get("commune_code")
    if codes is not None and job.bench.value("judging/of_two_maps.sql"):
        remedy = Remedy("mapping", {job.file.headers[codes]: "former_commune_code"})
        job.file.table.remarks.append(Message("commune_codes_ambiguous", remedy=remedy))


def _take_turn(job: Job) -> None:
    """Serialise publications, and check that the units are still current."""
    hold_lock(job.session, Lock.PUBLICATION)
    if gazetteer_version(job.session) != job.gazetteer.version:
        raise MovedOnError


def _hold(job: Job) -> None:
    if not is_still_so(job.bench):
        raise MovedOnError


_ANY_COMMUNE: Final = "SELECT bool_or(unit_id IS NOT NULL) FROM entry"
_NO_COMMUNE: Final = Message("no_row_has_known_commune", remedy=Remedy("commune"))
_REFUSE: Final = Step("matching/refuse.sql", "refused")
"""Reject rows that cannot be decided."""

STEPS: Final = (
    # Each row by itself. A problem is data, not an exception; rows with an error are not matched.
    # Decides the commune (of a split one by the point), and reads the point.
    Step("judging/swapped_back.sql", "fix"),
    Step("judging/begin.sql"),
    Step(lambda job: bring_seats(job.bench), "points"),
    Step("judging/between_communes.sql", "points, namesakes"),
    Step(lambda job: locate_candidates(job.bench), "between_communes"),
    Step("judging/decided.sql", "between_communes"),
    Step("judging/named.sql"),
    Step(lambda job: weigh(job.bench)),
    Step("judging/entries.sql"),
    Step("judging/judged.sql"),
    Step("judging/pointed.sql", "points"),
    Step(lambda job: locate(job.bench), "drawn"),
    Step("judging/questioned.sql", "points"),
    Step(lambda job: measure(job.bench), "questioned"),
    Step("judging/outside.sql", "measured"),
    Step(lambda job: write_problems(job.bench)),
    Step(_remark_on_communes, "of_communes"),
    Step(_remark_on_codes, "problems"),
    Step(lambda job: reject_beyond(job.bench), "bound"),
    Step("judging/padded.sql", "padded"),
    Step(lambda job: propose_fixes(job.bench, job.gazetteer, today()), "problems"),
    Step(lambda job: skip_footers(job.bench, job.file), "rejected"),
    Step("judging/footers.sql", "skipped"),
    Step("judging/buildings.sql", "buildings"),
    Step("judging/members.sql", "rejected or beyond"),
    # Rows beside the register, whose records in the file's communes are copied.
    Step(_take_turn),
    Step(lambda job: refuse_demo_beside_real(job.session), "demo"),
    Step(lambda job: register_functions(job.bench.duck)),
    Step(lambda job: bring_places(job.bench)),
    Step(lambda job: read_as_settled(job.bench, job.names), "names"),
    Step("matching/settled.sql", "meant_name"),
    Step("matching/street_named.sql", "texts, place"),
    Step(lambda job: tell_apart(job.bench)),
    Step("matching/reassigned.sql", "reassigned"),
    Step("matching/begin.sql"),
    Step(lambda job: bring_records(job.bench)),
    Step("matching/questions.sql"),
    _REFUSE,
    Step("matching/known.sql", "household_ref"),
    Step("matching/unsettled.sql", "street_alias or locality_alias or former_number"),
    Step("matching/former_names.sql", "street_alias or locality_alias"),
    _REFUSE,
    Step("matching/registered.sql"),
    _REFUSE,
    Step("matching/former_numbers.sql", "former_number or renamed"),
    _REFUSE,
    Step("matching/succeeded.sql", "heir or revivable"),
    _REFUSE,
    Step("matching/in_file.sql"),
    _REFUSE,
    Step("matching/sharing.sql", "found"),
    Step("matching/row_uses.sql", "uses"),
    Step("matching/uses.sql", "uses, found"),
    Step(lambda job: look_back(job.bench), "known"),
    Step("matching/kept.sql", "reread"),
    Step("matching/written.sql"),
    Step("matching/foreign.sql", "bound, found"),
    _REFUSE,
    # Warnings for written rows, and vanished references.
    Step("matching/named_places.sql"),
    Step("matching/near.sql"),
    Step("matching/vanished.sql", "full"),
    Step(lambda job: check_identifiers(job.session, job.bench, job.file)),
    Step(lambda job: clean_values(job.bench)),
    Step(_hold, "publishing"),
    Step(lambda job: job.file.table.remarks.extend(beyond_targets(job.bench)), "real"),
)
