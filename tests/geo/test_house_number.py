"""House number paths: both traditions, one key per door, and nothing else read as a number."""

from hypothesis import example, given
from hypothesis import strategies as st

from geo.house_number import is_date, natural_order, parse_house_number
from tests.support.vietnamese import numbered, paths


def test_dates_used_as_street_names_are_known() -> None:
    assert all(map(is_date, ("3/2", "30/4", "2/9", "19/5", "30-04", "02/09")))
    assert not any(map(is_date, ("3/7", "12/34", "3", "3/2/1")))


def test_reversed_key_reads_the_path_from_the_door() -> None:
    path, single = parse_house_number("282/17/14"), parse_house_number("12")
    assert path is not None
    assert single is not None
    assert (path.reversed_key, single.reversed_key) == ("14/17/282", None)


def test_natural_order_follows_the_street() -> None:
    mixed = ["100", "12/20", "12B", "2", "12/3", "12A", "12"]
    assert sorted(mixed, key=natural_order) == ["2", "12", "12A", "12B", "12/3", "12/20", "100"]


@example("lô A1C")
@given(
    st.one_of(
        paths, numbered("số", "ngõ", "hẻm", "lô", "liền kề", "km"), paths.map("số {}/".format)
    )
)
def test_key_is_idempotent(text: str) -> None:
    number = parse_house_number(text)
    assert number is not None
    again = parse_house_number(number.key)
    assert again is not None
    assert (again.key, again.alley_only) == (number.key, number.alley_only)


@given(st.lists(st.integers(1, 999).map(str), min_size=2, max_size=3))
def test_alleys_in_words_equal_the_path_with_slashes(steps: list[str]) -> None:
    kinds = ("ngõ", "ngách", "hẻm")
    *alleys, house = steps
    inside_out = [f"{kind} {step}" for kind, step in zip(kinds, alleys, strict=False)][::-1]
    number = parse_house_number(", ".join([f"Số {house}", *inside_out]))
    assert number is not None
    assert number.key == "/".join(steps) or house in alleys or len(set(alleys)) < len(alleys)
