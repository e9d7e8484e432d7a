"""The register as the first `bin/run` leaves it."""

from collections.abc import Iterator
from contextlib import contextmanager

from registry.core.database import make_engine, session_scope
from registry.ops.demo.load import load_demo, plan_demo
from registry.ops.demo.wanted import FIRST_HOUSEHOLDS
from registry.units.gazetteer_loading import load_gazetteer
from tests.support.postgis import clone, make_template

_TEMPLATE = "template_demo"


@contextmanager
def first_demo(admin_url: str, name: str) -> Iterator[str]:
    """The URL of a register of its own with the demonstration of a first start."""
    make_template(admin_url, _TEMPLATE, _load)
    with clone(admin_url, name, _TEMPLATE) as url:
        yield url


def _load(database_url: str) -> None:
    engine = make_engine(database_url)
    try:
        with session_scope(engine) as session:
            plan = plan_demo(session, load_gazetteer(session), FIRST_HOUSEHOLDS)
        result = load_demo(engine, plan, dry_run=False, progress=lambda _rows: None)
        assert result
        assert (result.new, result.rejected) == (FIRST_HOUSEHOLDS, 0)
    finally:
        engine.dispose()
