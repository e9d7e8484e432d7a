"""A page of features, and one feature: read in one transaction of its own."""

from sqlalchemy import Engine, text

from registry.access import budget
from registry.core.database import session_scope
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.publish.features.asked import Asked, of_key
from registry.publish.features.collections import Collection
from registry.publish.features.feature import Feature, Page
from registry.units.gazetteer import Gazetteer

# By code or by place: which is shorter depends on the box, which a generic plan does not know.
_PLANNED = text("SET LOCAL plan_cache_mode = force_custom_plan")


def read_page(engine: Engine, gazetteer: Gazetteer, what: Collection, asked: Asked) -> Page:
    """A page of the collection; raises InvalidInputError and NotFoundError for wrong questions."""
    with session_scope(engine) as session:
        session.execute(_PLANNED)
        return what.read(session, gazetteer, asked)


def read_one(
    engine: Engine, gazetteer: Gazetteer, what: Collection, asked: Asked, key: str
) -> Feature:
    """The feature of a key; raises NotFoundError where there is none that may be shown.

    A code that no door bears is paid as in every other question. Raises BudgetSpentError.
    """
    if what.of_doors:
        budget.check()
    found = read_page(engine, gazetteer, what, of_key(asked, key)).features
    if found:
        return found[0]
    if what.of_doors:
        budget.pay()
    raise NotFoundError(Message("feature_unknown", id=what.id, key=key[:40]))
