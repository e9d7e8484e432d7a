"""Cells to parts of doors: each spelling once, and the same as the whole grammar says."""

from hypothesis import given
from hypothesis import strategies as st

from geo.address import parse_components
from registry.intake.doors import parts_of
from registry.intake.resolve import _SPELLED_NUMBER, Numbered, _read_number, escaped

step = st.from_regex(r"[1-9][0-9]{0,3}[A-H]?", fullmatch=True)


@given(st.lists(step, min_size=1, max_size=4).map("/".join))
def test_plain_number_is_read_as_the_grammar_reads_it(number: str) -> None:
    assert _read_number(number) == parts_of(parse_components(house_number=number))


@given(step, st.none() | step, step, st.sampled_from([("ngách", "ngõ"), ("hẻm", "kiệt")]))
def test_number_that_is_spelled_out_is_read_as_the_grammar_reads_it(
    house: str, branch: str | None, alley: str, kinds: tuple[str, str]
) -> None:
    inner = f"{kinds[0]} {branch}, " if branch else ""
    number = f"Số {house}, {inner}{kinds[1]} {alley}"
    assert _SPELLED_NUMBER.fullmatch(number)
    assert _read_number(number) == parts_of(parse_components(house_number=number))


def test_equal_things_have_one_number_and_nothing_has_none() -> None:
    numbered = Numbered()

    given_numbers = [numbered.number_of(thing) for thing in (("a",), ("b",), ("a",), None)]

    assert given_numbers == [1, 2, 1, 0]
    assert numbered.take_fresh() == [(1, "a"), (2, "b")]
    assert numbered.take_fresh() == []


def test_cell_is_escaped_as_copy_reads_it() -> None:
    assert escaped("a\tb\\c\nd\re") == r"a\tb\\c\nd\re"
    assert escaped("Số 5A") == "Số 5A"
