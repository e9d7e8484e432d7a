"""Coverage, kept and counted anew, and the lists of the desk."""

from collections.abc import Callable, Iterator
from typing import Final

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bench.harness import Bench, Figure, Scenario, calls, compare, percentiles
from bench.registers import CAUSE
from registry.core.database import make_engine, session_scope
from registry.core.events import write_scope
from registry.coverage.count_cache import count_anew, count_for_readers
from registry.coverage.figures import Coverage
from registry.coverage.measure import coverage_of_level, coverage_of_unit
from registry.records.desk_records import Wanted, list_records, list_spots
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer

EDIT: Final = """
    UPDATE household SET households_count = 3 - households_count WHERE code =
        (SELECT min(code) FROM household WHERE unit_id = :unit AND status = 'active'
            AND kind = 'household' AND households_count < 3)
"""
TOUCH_ALL: Final = """
    INSERT INTO coverage_touched (unit_id, records)
    SELECT unit_id, 0 FROM coverage_count WHERE NOT with_demo
"""
LARGEST: Final = """
    SELECT unit_id, max(street_id), max(locality_id) FROM household
    GROUP BY unit_id ORDER BY count(*) DESC LIMIT 1
"""


def coverage(bench: Bench) -> Iterator[Figure]:
    with bench.registers.copy(bench.register()) as url:
        app = make_engine(url, pool_size=2)
        count_anew(app)
        yield from _coverage(app)
        app.dispose()


def _coverage(app: Engine) -> Iterator[Figure]:
    with session_scope(app) as session:
        known = load_gazetteer(session)
        communes = coverage_of_level(session, known, "commune").units
    largest = max(communes, key=lambda unit: unit.counts.dwellings).code
    (commune,) = (unit.id for unit in known.with_code(largest) if unit.alive_on(today()))

    def asked(question: Callable[[Session], Coverage]) -> Callable[[object], None]:
        def ask(_turn: object) -> None:
            count_for_readers(app)  # as the command line and the API do
            with session_scope(app) as session:
                question(session)

        return ask

    country = asked(lambda session: coverage_of_level(session, known, "province"))
    for name, ask in (
        ("the country by provinces", country),
        ("the country by communes", asked(lambda s: coverage_of_level(s, known, "commune"))),
        ("a province", asked(lambda s: coverage_of_unit(s, known, "79"))),
        ("the largest commune", asked(lambda s: coverage_of_unit(s, known, largest))),
    ):
        ask(0)
        yield from percentiles(name, calls(ask, range(9)), 50)

    def after(change: Callable[[], None], ask: Callable[[object], object]) -> Iterator[float]:
        for _ in range(3):
            change()
            yield from calls(ask, [0])

    def edit() -> None:
        with write_scope(app, CAUSE) as session:
            session.execute(text(EDIT), {"unit": commune})

    def touch() -> None:
        with session_scope(app) as session:
            session.execute(text(TOUCH_ALL))

    yield from percentiles(
        "the country after a write in its largest commune", after(edit, country), 50
    )
    counted = after(touch, lambda _turn: count_anew(app))
    yield from percentiles("all communes counted anew", counted, 50)
    yield from percentiles("the country, left to that job", after(touch, country), 50)


def desk(bench: Bench) -> Iterator[Figure]:
    """Of the largest commune, by each filter: the first page of the list, and its points."""
    engine = make_engine(bench.register(units=["12", "04"]), pool_size=1)
    with session_scope(engine) as session:
        unit, street, locality = session.execute(text(LARGEST)).one()
        for name, wanted in {
            "all": Wanted(unit),
            "street": Wanted(unit, street_id=street),
            "locality": Wanted(unit, locality_id=locality),
            "no point": Wanted(unit, no_point=True),
            "not verified": Wanted(unit, unverified=True),
            "doubled": Wanted(unit, doubled=True),
            "number": Wanted(unit, number_key="12"),
            "name": Wanted(unit, place_keys=("%nguyen%",)),
        }.items():
            for what, ask in (("list", list_records), ("points", list_spots)):
                sides = {"": lambda ask=ask, wanted=wanted: ask(session, wanted)}  # type: ignore[misc]
                yield from compare(f"{what} of records, {name}", "ms", sides, rounds=9)
    engine.dispose()


SCENARIOS = (
    Scenario("coverage", "coverage as kept, after a write, and counted as a whole", coverage),
    Scenario("desk", "lists of records at the desk by each filter", desk),
)
