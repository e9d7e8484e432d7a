"""What an import does with the rows of a file, in order, until it is decided what becomes of each.

A step is a script, or work of Python, and names what it needs (`Workbench.has`): most files lack
most of it, coordinates or references or names of before, and pass over its steps.
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
from registry.intake.judging.points import bring_seats, hold, locate, measure
from registry.intake.judging.row_rules import clean_values, weigh, write_problems
from registry.intake.matching.identifiers import check_identifiers
from registry.intake.matching.match import MOST, bring_places, bring_records, look_back
from registry.intake.matching.name_variants import tell_apart
from registry.intake.matching.names import teach
from registry.intake.matching.over_target import beyond_targets
from registry.intake.matching.settled_names import read_as_settled
from registry.intake.publishing.publish import is_still_so, refuse_demo_beside_real
from registry.units.boundaries.reach import DEGREE_KM
from registry.units.gazetteer import Gazetteer, today
from registry.units.gazetteer_loading import gazetteer_version


class MovedOnError(Exception):
    """A unit, record or place that the file was read by changed before it was held: once more."""


@dataclass(frozen=True, slots=True)
class Job:
    """What the steps work on."""

    session: Session
    bench: Workbench
    file: SourceFile
    gazetteer: Gazetteer
    names: Mapping[str, str]
    """Names that are settled: as spelled → as meant (`settled_names`)."""


class Step(NamedTuple):
    """A script, or work of Python, and what it needs."""

    do: str | Callable[[Job], object]
    needs: str = ""


def decide(job: Job) -> None:
    """Take every step; nothing is written to the register.

    Needs what `stage` leaves, and what `run` says of the import. `problem` then has all that is
    wrong with each row, `skipped` those that are no households; `outcome` says of each row without
    an error whether it is unchanged, changed, revived, linked or new, and `written` has those that
    are new or changed. `near` holds those that may be one door with another, `vanished` what a full
    delivery no longer has. Raises MovedOnError.
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
    """Publications are decided one after the other, by the units of today."""
    hold_lock(job.session, Lock.PUBLICATION)
    if gazetteer_version(job.session) != job.gazetteer.version:
        raise MovedOnError


def _hold(job: Job) -> None:
    if not is_still_so(job.bench):
        raise MovedOnError


_ANY_COMMUNE: Final = "SELECT bool_or(unit_id IS NOT NULL) FROM entry"
_NO_COMMUNE: Final = Message("no_row_has_known_commune", remedy=Remedy("commune"))
_REFUSE: Final = Step("matching/refuse.sql", "refused")
"""What cannot be decided goes no further."""

STEPS: Final = (
    # What rows say by themselves. A problem is data, not an exception; rows with an error go no
    # further. The commune is decided (of a split one by the point), and the point read.
    Step("judging/swapped_back.sql", "fix"),
    Step("judging/begin.sql"),
    Step(lambda job: bring_seats(job.bench), "points"),
    Step("judging/between_communes.sql", "points, namesakes"),
    Step(lambda job: hold(job.bench), "between_communes"),
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
    Step("judging/members.sql", "rejected or beyond"),
    # Beside the register, whose records of the file's communes are brought over.
    Step(_take_turn),
    Step(lambda job: refuse_demo_beside_real(job.session), "demo"),
    Step(lambda job: teach(job.bench.duck)),
    Step(lambda job: bring_places(job.bench)),
    Step(lambda job: read_as_settled(job.bench, job.names), "names"),
    Step("matching/settled.sql", "meant_name"),
    Step("matching/street_named.sql", "texts, place"),
    Step(lambda job: tell_apart(job.bench)),
    Step("matching/told.sql", "told"),
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
    Step("matching/uses.sql", "uses, found"),
    Step(lambda job: look_back(job.bench), "known"),
    Step("matching/kept.sql", "reread"),
    Step("matching/written.sql"),
    Step("matching/foreign.sql", "bound, found"),
    _REFUSE,
    # What is told of rows that are written, and of what is gone.
    Step("matching/named_places.sql"),
    Step("matching/near.sql"),
    Step("matching/vanished.sql", "full"),
    Step(lambda job: check_identifiers(job.session, job.bench, job.file)),
    Step(lambda job: clean_values(job.bench)),
    Step(_hold, "publishing"),
    Step(lambda job: job.file.table.remarks.extend(beyond_targets(job.bench)), "real"),
)
