"""Batched queries: answered as individually, with few statements, failing independently."""

from collections.abc import Iterator, Mapping
from functools import partial

import psycopg
import pytest

from registry.core.batching import Ask, Query, alone, bulk, together
from registry.core.errors import DatabaseUnavailableError, InvalidInputError
from registry.core.reads import Reads, Row
from registry.publish.batch import Asked, outcomes
from registry.search.geocode import Question, geocode
from registry.search.validate import validate
from tests.support.search_world import World
from tests.support.vectors import read_vectors

TEXTS = [row["text"] for row in read_vectors("geocoded") if row["text"].strip()]


class Counted(Reads):
    """Counts the statements."""

    statements = 0

    def rows(self, statement: str, parameters: Mapping[str, object]) -> list[Row]:
        self.statements += 1
        return super().rows(statement, parameters)


@pytest.fixture
def counted(world: World) -> Iterator[Counted]:
    made = Counted(world.url, pool_size=2, statement_timeout_ms=5_000)
    yield made
    made.close()


def question(text: str) -> Asked:
    return Question(text, limit=2)


@pytest.mark.thorough
def test_batch_gives_the_same_answers_with_shared_statements(
    world: World, counted: Counted
) -> None:
    texts = TEXTS * 3
    found = outcomes(world.gazetteer, counted, "geocode", [partial(question, t) for t in texts])
    assert counted.statements < len(TEXTS) / 2
    for text, outcome in zip(texts, found, strict=True):
        assert outcome.found == geocode(world.gazetteer, world.reads, Question(text, limit=2)), text


@pytest.mark.thorough
def test_batch_gives_the_same_verdicts_as_single_requests(world: World) -> None:
    asked = [partial(question, text) for text in TEXTS]
    for text, outcome in zip(
        TEXTS, outcomes(world.gazetteer, world.reads, "validate", asked), strict=True
    ):
        assert outcome.found == validate(world.gazetteer, world.reads, Question(text)), text


def test_invalid_query_does_not_fail_others(world: World) -> None:
    def unreadable() -> Asked:
        raise InvalidInputError.of_field("row", "malformed_row", "no row")

    good = partial(question, TEXTS[0])
    asked = [good, unreadable, partial(question, "a\0b"), good]
    found = outcomes(world.gazetteer, world.reads, "geocode", asked)
    assert [outcome.status for outcome in found] == ["ok", "invalid_input", "invalid_input", "ok"]
    assert found[0] == found[3]


LOCK = 7043
WAITING = bulk(
    "SELECT k.question, k.lock, CASE WHEN k.lock > 0 THEN pg_advisory_xact_lock(k.lock)::text END"
    " FROM {K}",
    (("lock", "bigint"),),
)


def waits_for(lock: int) -> Query[int]:
    rows = yield Ask(WAITING, ((lock,),))
    found: int = rows[0][1]
    return found


def test_slow_query_does_not_fail_others(database_url: str) -> None:
    reads = Reads(database_url, pool_size=2, statement_timeout_ms=300)
    try:
        with psycopg.connect(database_url, autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            first, slow, last = together(reads, map(waits_for, (-1, LOCK, -2)))
        assert (first, last) == (-1, -2)
        assert isinstance(slow, DatabaseUnavailableError)
        assert alone(reads, waits_for(LOCK)) == LOCK
    finally:
        reads.close()


@pytest.mark.thorough
def test_unavailable_database_is_the_outcome_of_every_row(world: World) -> None:
    gone = Reads("postgresql://nobody@127.0.0.1:1/nothing", pool_size=1, statement_timeout_ms=300)
    try:
        asked = [partial(question, text) for text in TEXTS[:5]]
        found = outcomes(world.gazetteer, gone, "geocode", asked)
    finally:
        gone.close()
    assert {outcome.status for outcome in found} == {"database_unavailable"}


def test_batches_leave_a_connection_for_single_requests(world: World) -> None:
    reads = Reads(world.url, pool_size=2, statement_timeout_ms=300)
    with reads.batch(), pytest.raises(DatabaseUnavailableError, match="batches"), reads.batch():
        pass
    with reads.batch():
        pass
