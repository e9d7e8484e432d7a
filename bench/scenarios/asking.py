"""Questions over HTTP beside a bare Flask view, beside a hundredth of the households, and in bulk.

The bare view runs the same one query by psycopg and returns its columns. Client, server and
database share the machine, so only what is measured in one run compares. Which of the server's
processes takes a connection is chance: where one has three of four, the rate is lower at the same
processor time.
"""

import csv
import json
import random
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from functools import partial
from typing import Any, Final
from urllib.parse import quote
from urllib.request import urlopen

from bench.harness import Bench, Figure, Scenario, compare
from bench.scenarios.writings import without_diacritics
from bench.serving import BARE, Load, Server, figures, in_turns, loaded, serving
from registry.core.database import make_engine, session_scope
from registry.core.reads import Reads
from registry.publish.batch import outcomes
from registry.publish.batch.flat import flat
from registry.publish.batch.rows import InputRow, read_row
from registry.publish.batch.work import CHUNK
from registry.units.gazetteer import today
from registry.units.gazetteer_loading import load_gazetteer

CONNECTIONS: Final = 4
DOORS: Final = """
    SELECT code, ST_X(point), ST_Y(point) FROM household
    WHERE status = 'active' AND house_number_key IS NOT NULL AND point IS NOT NULL
    ORDER BY md5(code) LIMIT %(count)s
"""
_MIX: Final = {"lookup": 4, "geocode, our texts": 2, "geocode, real texts": 2}
"""Of ten questions of the mix; each other kind has one."""


def drawn(url: str, count: int) -> list[Any]:
    """Doors in random order: code, lon, lat."""
    with closing(Reads(url, pool_size=1, statement_timeout_ms=60_000)) as reads:
        return reads.rows(DOORS, {"count": count})


def labels(server: Server, doors: Sequence[Any]) -> list[tuple[str, str]]:
    """Wordings of today and of the old map, as the service itself gives them."""
    found = []
    for code, _, _ in doors:
        with urlopen(f"{server.url}/v1/addresses/{code}") as answer:
            body = json.load(answer)
        found.append((body["label"], body["label_before_2025_07"] or body["label"]))
    return found


def _near(doors: Sequence[Any]) -> list[str]:
    return [f"reverse?lon={lon + 0.0003:.6f}&lat={lat + 0.0002:.6f}" for _, lon, lat in doors]


def _geocode(texts: Sequence[str]) -> list[str]:
    return [f"/v1/geocode?q={quote(text)}" for text in texts]


def http(bench: Bench) -> Iterator[Figure]:
    url = bench.register()
    doors = drawn(url, 4 * bench.sample)
    doors, others = doors[: 2 * bench.sample], doors[2 * bench.sample :]
    with (
        serving(url, BARE, by_wsgi=True, factory=True) as floor,
        serving(url, by_wsgi=True, target="api.wsgi:app") as plain,
        serving(url) as ours,
    ):
        bare_codes = [f"/lookup/{code}" for code, _, _ in doors]
        codes = [f"/v1/addresses/{code}" for code, _, _ in doors]
        for name, bare_paths, server, paths in (
            ("lookup", bare_codes, ours, codes),
            # By WSGI, without the loop that takes the body in before a thread does.
            ("lookup without hand-over", bare_codes, plain, codes),
            (
                "reverse",
                [f"/{at}" for at in _near(doors)],
                ours,
                [f"/v1/{at}" for at in _near(doors)],
            ),
        ):
            loads = [Load(floor, bare_paths, bench.seconds), Load(server, paths, bench.seconds)]
            bare, found = in_turns(loads, CONNECTIONS)
            yield from figures(name, found, bare)
        # Other doors fill what the server remembers of units and streets.
        ways, warm = ways_of_writing(labels(ours, doors)), ways_of_writing(labels(ours, others))
        for name, texts in ways.items():
            loaded(Load(ours, _geocode(warm[name]), bench.seconds), CONNECTIONS)
            for connections in (1, CONNECTIONS):
                found = loaded(Load(ours, _geocode(texts), bench.seconds), connections)
                yield from figures(f"geocode, {name}, connections: {connections}", found)
        yield from ours.memory()


def ways_of_writing(worded: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Way → texts."""
    return {
        "today's text": [today for today, _ in worded],
        "the old map": [before for _, before in worded],
        "no commune": [f"{today.split(',')[0]}, {today.split(',')[-1]}" for today, _ in worded],
        # A doubtful answer: whether the map is the newest is checked in the database.
        "absent number": [f"9{today}" for today, _ in worded],
    }


def scale(bench: Bench) -> Iterator[Figure]:
    """Growth is the ratio of latencies at a hundred times the households."""
    texts: list[str] = []
    if bench.shared:
        with bench.shared_file("real_addresses.csv").open(encoding="utf-8", newline="") as file:
            texts = [row["address"] for row in csv.DictReader(file)]
        random.Random(2).shuffle(texts)
    urls = [bench.register(max(bench.households // 100, 1_000)), bench.register()]
    with ExitStack() as stack:
        servers = [stack.enter_context(serving(url)) for url in urls]
        asked = [
            _kinds(server, drawn(url, bench.sample), texts[: bench.sample])
            for server, url in zip(servers, urls, strict=True)
        ]
        for connections in (1, CONNECTIONS):
            for kind in asked[1]:
                loads = [
                    Load(server, paths[kind], bench.seconds)
                    for server, paths in zip(servers, asked, strict=True)
                ]
                few, many = in_turns(loads, connections)
                name = f"{kind}, connections: {connections}"
                small = "a hundredth of the households"
                yield Figure(name, many.p(50), "ms", "p50", small, few.p(50))
                yield Figure(name, many.p(99), "ms", "p99", small, few.p(99))
                yield Figure(name, many.rate, "/s", "rate", small, few.rate)
        yield from servers[1].memory()


def _kinds(server: Server, doors: Sequence[Any], texts: Sequence[str]) -> dict[str, list[str]]:
    shuffled = random.Random(1)
    worded = [today for today, _ in labels(server, doors)]
    starts = [
        without_diacritics(label.split(",")[0])[: shuffled.randint(4, 14)].strip()
        for label in worded
    ]
    kinds = {
        "lookup": [f"/v1/addresses/{code}" for code, _, _ in doors],
        "reverse": [f"/v1/{at}" for at in _near(doors)],
        "geocode, our texts": _geocode(worded),
        "geocode, real texts": _geocode(texts),
        "autocomplete": [f"/v1/autocomplete?q={quote(text)}" for text in starts],
    }
    mix = [path for kind, each in kinds.items() for path in each[: 50 * _MIX.get(kind, 1)]]
    shuffled.shuffle(mix)
    return {kind: each for kind, each in kinds.items() if each} | {"a mix of all": mix}


def batch(bench: Bench) -> Iterator[Figure]:
    """Processor time of a geocoded row, alone and in a batch; no text is asked twice."""
    url = bench.register()
    engine = make_engine(url, pool_size=1)
    with session_scope(engine) as session:
        known = load_gazetteer(session)
    engine.dispose()
    with serving(url, workers=1) as server:
        worded = labels(server, drawn(url, 4 * bench.sample))
    texts = [text for way in ways_of_writing(worded).values() for text in way]
    random.Random(1).shuffle(texts)
    unasked = iter(dict.fromkeys(texts))
    share = len(set(texts)) // 14
    with closing(Reads(url, pool_size=1, statement_timeout_ms=60_000)) as reads:

        def ask(size: int) -> None:
            some = [text for text, _ in zip(unasked, range(share), strict=False)]
            for start in range(0, len(some), size):
                rows = [InputRow({"address": text}, {}) for text in some[start : start + size]]
                questions = [partial(read_row, "geocode", row) for row in rows]
                for outcome in outcomes(known, reads, "geocode", questions):
                    flat(known, today(), "geocode", outcome)

        sides = {"in a batch": lambda: ask(CHUNK), "alone": lambda: ask(1)}
        yield from compare(
            "a row geocoded, program and database",
            "µs",
            sides,
            calls=share,
            by="processors",
            url=url,
        )


SCENARIOS = (
    Scenario("http", "lookup and reverse beside a bare view; geocode by ways of writing", http),
    Scenario("scale", "questions beside a hundredth of the households", scale),
    Scenario("batch", "processor time of a geocoded row in a batch beside one alone", batch),
)
