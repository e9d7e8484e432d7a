"""Cursors: what was given out comes back, anything else is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.core.errors import CursorRefusedError, InvalidInputError
from registry.publish.changes.cursor import Cursor, Read, UnitProgress, Walk

_HEX8 = st.text("0123456789abcdef", min_size=8, max_size=8)
_CODES = st.text("0123456789FHKMPRTVX", min_size=8, max_size=8)
_BIG = st.integers(0, 2**63 - 1)
_KEYS = st.none() | _CODES | st.builds("-{}{:019d}".format, st.sampled_from("st"), _BIG)
_MARKS = st.builds(Walk, _BIG, st.integers(0, 2**31 - 1), st.just("") | _CODES) | st.builds(
    Read, _BIG, _KEYS
)
CURSORS = st.builds(
    Cursor,
    st.text("0123456789abcdef", min_size=32, max_size=32),
    _HEX8,
    st.none() | _BIG,
    st.none() | st.builds(UnitProgress, _BIG, st.integers(0, 2**31 - 1)),
    _MARKS,
)


@given(CURSORS)
def test_cursor_round_trips(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor
    assert len(str(cursor)) <= 200


@given(CURSORS, st.data())
def test_truncated_cursor_is_malformed(cursor: Cursor, data: st.DataObject) -> None:
    text = str(cursor)
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(InvalidInputError) as refused:
        Cursor.parse(text[:cut])
    assert refused.value.extra["errors"][0]["code"] == "malformed_cursor"  # type: ignore[index]


@given(st.text())
def test_any_other_text_is_malformed(text: str) -> None:
    with pytest.raises(InvalidInputError):
        Cursor.parse(text)


def test_impossible_position_is_malformed() -> None:
    cursor = Cursor("0" * 32, "0" * 8, None, None, Read(2**63))
    with pytest.raises(InvalidInputError):
        Cursor.parse(str(cursor))


def test_cursor_of_another_register_or_scope_is_refused() -> None:
    cursor = Cursor("0" * 32, "1" * 8, None, None, Read(7))
    cursor.check("0" * 32, "1" * 8)
    for register, scope, reason in (
        ("2" * 32, "1" * 8, "other_register"),
        ("0" * 32, "2" * 8, "other_scope"),
    ):
        with pytest.raises(CursorRefusedError) as refused:
            cursor.check(register, scope)
        assert refused.value.extra == {"reason": reason}
