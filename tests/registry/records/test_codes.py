"""Issuing codes from the database's sequence and key."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from geo.code import from_serial, is_valid
from geo.permutation import Permutation
from registry.core.database import OWNER_ROLE, make_engine, session_scope
from registry.core.errors import ConflictError
from registry.records.codes import issue_codes
from tests.support.refusal import refused

LAST_ORDINAL = 846_825_857


def next_ordinal(session: Session) -> int:
    row = session.execute(text("SELECT last_value, is_called FROM code_ordinal")).one()
    return int(row.last_value) + int(row.is_called)


def permuted(session: Session, ordinals: range) -> list[str]:
    key = session.execute(text("SELECT key FROM code_key")).scalar_one()
    permutation = Permutation(bytes(key))
    return [from_serial(permutation.code_serial(ordinal)) for ordinal in ordinals]


def test_codes_are_the_permuted_ordinals_in_the_order_drawn(session: Session) -> None:
    first = next_ordinal(session)
    codes = issue_codes(session, 500)
    assert codes == permuted(session, range(first, first + 500))


def test_codes_are_valid_distinct_and_not_demo_codes(session: Session) -> None:
    codes = issue_codes(session, 20_000)
    assert len(set(codes)) == 20_000
    assert all(map(is_valid, codes))
    assert not any(code.startswith("0") for code in codes)


def test_drawing_zero_codes_uses_no_ordinal(session: Session) -> None:
    first = next_ordinal(session)
    assert issue_codes(session, 0) == []
    assert next_ordinal(session) == first


def test_ordinals_of_a_rolled_back_transaction_are_not_reused(engine: Engine) -> None:
    with Session(engine) as session:
        lost = issue_codes(session, 10)
        session.rollback()
    with Session(engine) as session:
        kept = issue_codes(session, 10)
        after = next_ordinal(session)
        assert kept == permuted(session, range(after - 10, after))
    assert set(lost).isdisjoint(kept)


def test_concurrent_transactions_share_no_code(engine: Engine) -> None:
    def issue(_: int) -> list[str]:
        with session_scope(engine) as session:
            return list(chain.from_iterable(issue_codes(session, 50) for _ in range(20)))

    with ThreadPoolExecutor(4) as pool:
        codes = list(chain.from_iterable(pool.map(issue, range(4))))
    assert len(set(codes)) == len(codes) == 4_000


def test_exhausted_codes_are_reported(fresh_database: Callable[[], str]) -> None:
    url = fresh_database()
    owner = make_engine(url, role=OWNER_ROLE)
    with owner.begin() as connection:
        connection.execute(text(f"SELECT setval('code_ordinal', {LAST_ORDINAL - 2})"))
    owner.dispose()
    engine = make_engine(url)
    with session_scope(engine) as session:
        assert len(issue_codes(session, 2)) == 2
    with pytest.raises(ConflictError, match="fewer than 1,000 codes"), session_scope(engine) as s:
        issue_codes(s, 1_000)
    engine.dispose()


@pytest.mark.parametrize(
    ("before", "millions"),
    [
        ("server_timeline() - 1", 1),
        ("server_timeline() - 2", 2),  # a standby promoted in between is lost as well
        ("-9223372036854775808", 1),  # of another system
        ("server_timeline() + 4096", 1),
    ],
)
def test_ordinals_jump_once_on_another_timeline(
    fresh_database: Callable[[], str], before: str, millions: int
) -> None:
    url = fresh_database()
    owner, engine = make_engine(url, role=OWNER_ROLE), make_engine(url)
    with owner.begin() as connection:
        connection.execute(text(f"SELECT setval('code_timeline', {before})"))
    with Session(engine) as session:
        first = next_ordinal(session)
        burnt = issue_codes(session, 10)
        session.rollback()

    def issue(_: int) -> list[str]:
        with session_scope(engine) as session:
            return issue_codes(session, 10)

    with ThreadPoolExecutor(4) as pool:
        codes = [*burnt, *chain.from_iterable(pool.map(issue, range(20)))]
    with Session(engine) as session:
        # setval() leaves the number that it sets as one that was drawn.
        moved = next_ordinal(session) - len(codes)
        assert first + millions * 1_000_000 <= moved <= first + millions * 1_000_000 + 1
        assert sorted(codes) == sorted(permuted(session, range(moved, moved + len(codes))))
    owner.dispose()
    engine.dispose()


def test_first_draw_on_another_timeline_blocks_no_other(
    fresh_database: Callable[[], str],
) -> None:
    url = fresh_database()
    owner, engine = make_engine(url, role=OWNER_ROLE), make_engine(url, statement_timeout_ms=5_000)
    with owner.begin() as connection:
        connection.execute(text("SELECT setval('code_timeline', 1)"))
    with Session(engine) as long_import, Session(engine) as other:
        first = issue_codes(long_import, 10)  # and it goes on
        assert set(issue_codes(other, 10)).isdisjoint(first)
    owner.dispose()
    engine.dispose()


def test_application_draws_codes_only_through_the_function(session: Session) -> None:
    with refused(session, sqlstate="42501"):
        session.execute(text("SELECT nextval('code_ordinal')"))
