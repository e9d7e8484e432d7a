"""What it costs to know who asks: a key, a limit, the audit log, row-level security.

    python -m bench.keys 'postgresql://postgres@/postgres?host=SOCKET_FOLDER'

Needs a superuser's URL. Works in a database of its own, dropped at the end. Times are of this
thread's processor where nothing is asked of the database, else by the clock; with and without by
turns.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from api.app import create_app
from api.core.counters import Counters
from bench.versions import clone
from registry.access import key_check
from registry.access.budget import Budget
from registry.access.keys import NewKey, create_key
from registry.core.database import session_scope
from registry.core.settings import Settings
from registry.ops.prepare import prepare_database
from registry.register import Register


def p50_us(work: Callable[[], object], times: int, clock: Callable[[], float]) -> float:
    """Median microseconds of one call."""
    taken = []
    for _ in range(times):
        start = clock()
        work()
        taken.append((clock() - start) * 1e6)
    return statistics.median(taken)


def checks(register: Register, secret: str, folder: Path) -> None:
    """The parts, each alone."""
    keys = register.keys
    keys.actor(secret)
    cpu, wall = time.thread_time, time.perf_counter
    print(f"key in memory            {p50_us(lambda: keys.actor(secret), 20_000, cpu):8.1f} µs cpu")

    def anew() -> None:
        keys._known.clear()
        keys.actor(secret)

    print(f"key asked of the database{p50_us(anew, 3_000, wall):8.1f} µs")
    print(f"  at 100 requests/s of a key, one in {key_check.CACHED_S * 100:.0f} is asked")
    for name, counters in (("shared", Counters(folder / "counters")), ("own", Counters())):
        cost = p50_us(lambda c=counters: c.count("key:1"), 20_000, cpu)  # type: ignore[misc]
        print(f"request counted, {name:8}{cost:8.1f} µs cpu")
    budget = Budget(register.engine)
    print(
        f"ten units spent          {p50_us(lambda: budget.spend('key:1', 10), 1_000, wall):8.1f} µs"
    )


def requests(url: str, secret: str, folder: Path) -> None:
    """A request that needs no database, with each part more; by turns."""
    bearer = {"Authorization": f"Bearer {secret}"}
    many = 1_000_000_000
    limited = Settings(rate_per_address=many, rate_per_key=many)
    registers = [Register.open(s, url) for s in (Settings(limits=False), limited)]
    free = create_app(registers[0]).test_client()
    counted = create_app(registers[1], counters=Counters(folder / "counters")).test_client()
    kinds: dict[str, tuple[FlaskClient, dict[str, str]]] = {
        "no key, no limits": (free, {}),
        "no key, limits": (counted, {}),
        "key, no limits": (free, bearer),
        "key, limits": (counted, bearer),
    }
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(1_500):
        for name, (client, headers) in kinds.items():
            start = time.thread_time()
            client.get("/v1/units/01", headers=headers)
            taken[name].append((time.thread_time() - start) * 1e6)
    base = statistics.median(taken["no key, no limits"])
    for name, values in taken.items():
        median = statistics.median(values)
        print(f"GET /v1/units/01, {name:18}{median:8.1f} µs cpu  {median - base:+6.1f}")
    for register in registers:
        register.close()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("url")
    given = arguments.parse_args()
    with clone(given.url, "d_bench_keys", "template1") as engine, TemporaryDirectory() as folder:
        url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        prepare_database(url, print)
        register = Register.open(Settings(limits=False), url)
        with session_scope(register.engine) as session:
            new = NewKey("bench", "editor", ["01", "79"])
            secret = create_key(session, new).secret
        checks(register, secret, Path(folder))
        register.close()
        requests(url, secret, Path(folder))


if __name__ == "__main__":
    main()
