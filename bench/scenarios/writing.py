"""What the rules of the database, operations on records and keys cost."""

import datetime
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from api.app import create_app
from api.core.counters import Counters
from bench.harness import Bench, Figure, Scenario, calls, compare, percentiles, timed
from bench.registers import CAUSE, COMMUNE, key, owner_of
from registry.access.budget import Budget
from registry.core.database import make_engine
from registry.core.events import write_scope
from registry.core.reads import Reads
from registry.core.settings import Settings
from registry.lifecycle.run import perform
from registry.lifecycle.table import BY_NAME
from registry.lifecycle.work import Done
from registry.records.history import record_at
from registry.records.lookup import by_code
from registry.register import Register
from registry.units.gazetteer import VIET_NAM

COLUMNS: Final = (
    "code, kind, status, unit_id, former_unit_id, street_id, locality_id, house_number,"
    " house_number_key, point, position_method, position_accuracy_m"
)
READY: Final = (
    "CREATE UNLOGGED TABLE bench_ready AS SELECT * FROM household ORDER BY street_id, code"
)
WRITES: Final = {
    "insert of all households": (
        "TRUNCATE household CASCADE",
        f"INSERT INTO household ({COLUMNS}) SELECT {COLUMNS} FROM bench_ready",
        "household_1_check_insert",
    ),
    "update of all households, one column": (
        "SELECT 1",
        "UPDATE household SET verified_on = '2026-07-01'",
        "USER",
    ),
}
"""What is written → what goes before and is not timed, the statement, and the trigger that the
other side is without."""


def rules(bench: Bench) -> Iterator[Figure]:
    """Statements are rolled back, so that no run sees more than the dead rows of all."""
    with bench.registers.copy(bench.register()) as url, owner_of(url) as owner:
        with owner.begin() as connection:
            connection.execute(text(READY))
        for name, (before, statement, trigger) in WRITES.items():
            taken: dict[str, list[float]] = {"": [], trigger: []}
            for _ in range(3):
                for without, seconds in taken.items():
                    seconds.append(_rolled_back(owner, before, statement, without))
            with_all, without_it = (statistics.median(each) for each in taken.values())
            yield Figure(name, with_all, "s", "", "without triggers", without_it)
        yield from _single_rows(url, owner, bench.sample)


def _rolled_back(owner: Engine, before: str, statement: str, without: str) -> float:
    with owner.connect() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))  # append-only
        connection.execute(text(before))
        connection.execute(text("SET LOCAL session_replication_role = origin"))
        connection.execute(text("SELECT open_event('bench', 'bench')"))
        if without:
            connection.execute(text(f"ALTER TABLE household DISABLE TRIGGER {without}"))
        seconds = timed(lambda: connection.execute(text(statement))).wall
        connection.rollback()
        return seconds


def _single_rows(url: str, owner: Engine, count: int) -> Iterator[Figure]:
    one = text("UPDATE household SET floor = '3' WHERE code = :code")
    engine = make_engine(url)
    codes = _codes(engine, count)

    def ruled(code: str) -> None:
        with write_scope(engine, CAUSE) as session:
            session.execute(one, {"code": code})

    def bare(code: str) -> None:
        with owner.begin() as connection:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(one, {"code": code})

    found = {name: statistics.median(calls(work, codes)) * 1_000
             for name, work in (("ruled", ruled), ("bare", bare))}  # fmt: skip
    yield Figure("one row with event, commit and feed", found["ruled"], "ms", "",
                 "bare UPDATE and commit", found["bare"])  # fmt: skip
    engine.dispose()


def _codes(engine: Engine, count: int) -> list[str]:
    query = "SELECT code FROM household WHERE status = 'active' ORDER BY md5(code) LIMIT :count"
    with engine.connect() as connection:
        return list(connection.scalars(text(query), {"count": count}))


def do(engine: Engine, name: str, **fields: object) -> Done:
    """Perform an operation."""
    made = BY_NAME[name]
    return perform(engine, made, made.request.model_validate(fields), actor="bench")


ONE_OF_ITS_NAME: Final = """
    SELECT min(name) FROM place WHERE class = 'street' GROUP BY key HAVING count(*) = 1 LIMIT 1
"""
NUMBERS: Final = """
    SELECT DISTINCT h.house_number FROM household h JOIN place t ON t.id = h.street_id
    WHERE t.name = :street ORDER BY 1 LIMIT :count
"""


def lifecycle(bench: Bench) -> Iterator[Figure]:
    """Three streets hold all households of a register; one of them is changed as a whole."""
    filled = bench.register(units=[COMMUNE], streets=3)
    with bench.registers.copy(filled) as url:
        engine = make_engine(url)
        codes = _codes(engine, bench.sample)
        for name, fields in (
            ("verify", {}),
            ("correct", {"delivery_hint": "gần chợ"}),
            ("move", {"lon": 105.81, "lat": 21.02, "confirmed": True}),
        ):
            fields = {k: v for k, v in fields.items() if k in BY_NAME[name].request.model_fields}

            def one(code: str, name: str = name, fields: dict[str, Any] = fields) -> None:
                do(engine, name, code=code, **fields)

            one(codes[0])
            yield from percentiles(f"one operation: {name}", calls(one, codes), 50)
        yield from _past(url, codes[:300])
        yield from _streets(engine, bench.households // 10)
        engine.dispose()


def _past(url: str, codes: list[str]) -> Iterator[Figure]:
    with closing(Reads(url, pool_size=1, statement_timeout_ms=10_000)) as reads:
        now = datetime.datetime.now(VIET_NAM)
        sides = {
            "as of a moment": lambda: [record_at(reads, code, now) for code in codes],
            "the current one": lambda: [by_code(reads, code) for code in codes],
        }
        for by in ("wall", "processors"):
            name = f"a record as of a moment, {by}"
            yield from compare(name, "ms", sides, calls=len(codes), by=by, url=url)


def _streets(engine: Engine, renumbered: int) -> Iterator[Figure]:
    with engine.connect() as connection:
        large = connection.scalar(text(ONE_OF_ITS_NAME))
        given = {"street": large, "count": renumbered}
        numbers = list(connection.scalars(text(NUMBERS), given))
    renamed, other = f"{large} Mới", "Phố Khác"
    do(engine, "name-street", commune=COMMUNE, street=other)
    table = [{"old": number, "new": f"{number}B"} for number in numbers]
    for name, fields in (
        ("rename-street", {"street": large, "new_name": renamed}),
        ("renumber-street", {"street": renamed, "numbers": table}),
        ("merge-street", {"street": renamed, "into": other, "reason": "bench"}),
    ):
        clock = time.perf_counter()
        done = do(engine, name, commune=COMMUNE, **fields)
        seconds = time.perf_counter() - clock
        yield Figure(f"{name}, {done.rewritten:,} records written", seconds, "s")


def keys(bench: Bench) -> Iterator[Figure]:
    """A request that needs no database, with each part of access more, in turns."""
    with bench.registers.copy(bench.registers.empty()) as url:
        secret = key(url, "editor", units=["01", "79"])
        bearer = {"Authorization": f"Bearer {secret}"}
        with (
            tempfile.TemporaryDirectory() as folder,
            closing(Register.open(Settings(limits=False), url)) as free,
            closing(
                Register.open(Settings(rate_per_address=10**9, rate_per_key=10**9), url)
            ) as held,
        ):
            yield from _parts(free, secret)
            counters = Counters(Path(folder) / "counters")
            plain = create_app(free).test_client()
            counted = create_app(held, counters=counters).test_client()
            yield from compare(
                "GET /v1/units/01, processor time with key and limits",
                "µs",
                {
                    "with": lambda: _ask(counted, bearer),
                    "without key and limits": lambda: _ask(plain, {}),
                    "limits alone": lambda: _ask(counted, {}),
                    "key alone": lambda: _ask(plain, bearer),
                },
                calls=100,
                by="program",
            )


def _ask(client: FlaskClient, headers: dict[str, str]) -> None:
    for _ in range(100):
        client.get("/v1/units/01", headers=headers)


def _parts(register: Register, secret: str) -> Iterator[Figure]:
    held, budget = register.keys, Budget(register.engine)

    def anew(_turn: int) -> None:
        held._known.clear()
        held.actor(secret)

    parts: tuple[tuple[str, Callable[[int], object]], ...] = (
        ("a key checked, asked of the database", anew),
        ("a key checked, in memory", lambda _turn: held.actor(secret)),
        ("ten units of a budget spent", lambda _turn: budget.spend("key:1", 10)),
    )
    for name, work in parts:
        work(0)
        yield from percentiles(name, calls(work, range(1_000)), 50, unit="µs")


SCENARIOS = (
    Scenario("rules", "versions, checks and events of writes beside bare statements", rules),
    Scenario("lifecycle", "operations on a record and on whole streets; the past", lifecycle),
    Scenario("keys", "keys, limits and budgets of a request", keys),
)
