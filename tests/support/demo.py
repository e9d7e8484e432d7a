"""The register as the first `bin/run` leaves it."""

from registry.database import make_engine, session_scope
from registry.demo.load import load_demo, plan_demo
from registry.demo.wanted import FIRST_HOUSEHOLDS
from registry.gazetteer import load_gazetteer


def load_first_demo(database_url: str) -> None:
    """Load the demonstration of a first start into an empty register."""
    engine = make_engine(database_url)
    try:
        with session_scope(engine) as session:
            plan = plan_demo(session, load_gazetteer(session), FIRST_HOUSEHOLDS)
        result = load_demo(engine, plan, dry_run=False, progress=lambda _rows: None)
        assert result
        assert (result.new, result.rejected) == (FIRST_HOUSEHOLDS, 0)
    finally:
        engine.dispose()
