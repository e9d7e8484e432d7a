"""Reads a page of features, or one feature, in a transaction of its own."""

from sqlalchemy import Engine, text

from registry.access import budget
from registry.core.database import session_scope
from registry.core.errors import NotFoundError
from registry.core.messages import Message
from registry.publish.features.collections import Collection
from registry.publish.features.feature import Feature, Page
from registry.publish.features.query import FeatureQuery, for_key
from registry.units.gazetteer import Gazetteer

# The better index depends on the box, which a generic plan does not know.
_PLANNED = text("SET LOCAL plan_cache_mode = force_custom_plan")


def read_page(engine: Engine, gazetteer: Gazetteer, what: Collection, query: FeatureQuery) -> Page:
    """Return a page of the collection; raises InvalidInputError and NotFoundError."""
    with session_scope(engine) as session:
        session.execute(_PLANNED)
        return what.read(session, gazetteer, query)


def read_one(
    engine: Engine, gazetteer: Gazetteer, what: Collection, query: FeatureQuery, key: str
) -> Feature:
    """Return the feature of a key; raises NotFoundError if there is no visible one.

    An unknown code is charged to the budget as in a lookup. Raises BudgetSpentError.
    """
    if what.of_doors:
        budget.check()
    found = read_page(engine, gazetteer, what, for_key(query, key)).features
    if found:
        return found[0]
    if what.of_doors:
        budget.pay()
    raise NotFoundError(Message("feature_unknown", id=what.id, key=key[:40]))
