"""The desk's first page: coverage, queues and the latest changes."""

from typing import Final

from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from api.core.access import caller
from api.core.context import gazetteer, register
from api.core.endpoint import signed_in_page
from api.desk.blueprint import desk_blueprint, desk_page, room
from api.pages.shell import percent_words
from registry.core.actors import Actor
from registry.core.database import session_scope
from registry.core.messages import N_
from registry.coverage.count_cache import count_for_readers
from registry.coverage.figures import UnitCoverage
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.lifecycle.desk import latest_events, waiting
from registry.ops.overview import is_demonstration

blueprint = desk_blueprint("home")
room("/desk", N_("Overview"), "carrier")

_MAX_UNITS: Final = 40


@blueprint.get("")
@signed_in_page("carrier")
def get_home() -> BaseResponse:
    """Coverage of the user's units with gaps, the queues, and the latest changes."""
    asking, made = caller(), register()
    count_for_readers(made.engine)
    with session_scope(made.read_engine) as session:
        return desk_page(
            "desk/home.html",
            units=_coverage(session, asking),
            waiting=waiting(session, gazetteer()) if asking.may("viewer") else None,
            latest=latest_events(session) if asking.may("viewer") else [],
            percent=percent_words,
            demo=is_demonstration(made.reads),
        )


def _coverage(session: Session, asking: Actor) -> list[UnitCoverage]:
    """Return the coverage of each unit of the user, or of the whole country."""
    known, demo = gazetteer(), is_demonstration(register().reads)
    if asking.units is None:
        whole = coverage_of_level(session, known, "province", demo=demo).total
        return [whole] if asking.sees is None else []
    return [
        coverage_of_unit(session, known, code, demo=demo).total
        for code in asking.units[:_MAX_UNITS]
    ]
