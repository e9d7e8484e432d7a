"""Parts of an address: one key for one door, street, place or flat, however it is written."""

from typing import Final

import pytest
from hypothesis import given

from geo.flat import parse_flat
from geo.house_number import parse_house_number
from geo.locality import parse_locality
from geo.street import parse_street
from tests.support.vectors import Row, cases
from tests.support.vietnamese import any_text, without_diacritics

READ: Final = {
    "flat": parse_flat,
    "house_number": parse_house_number,
    "locality": parse_locality,
    "street": parse_street,
}


def key(part: str, text: str) -> str:
    read = READ[part](text)
    return read.key if read else ""


@pytest.mark.parametrize("row", cases("parts"))
def test_spellings_of_one_part_have_one_key(row: Row) -> None:
    part, text = row["part"], row["text"]
    assert key(part, text) == row["key"]
    if row["key"]:
        assert key(part, without_diacritics(text)) == row["key"]
    if part == "street":
        assert key(part, text.upper()) == row["key"]


@pytest.mark.parametrize("row", cases("parts", part="house_number"))
def test_alley_alone_is_not_a_house_number(row: Row) -> None:
    number = parse_house_number(row["text"])
    assert number is None or number.alley_only == row["key"].endswith("/")


@pytest.mark.parametrize("part", READ)
@given(text=any_text)
def test_any_text_is_read_or_refused(part: str, text: str) -> None:
    read = READ[part](text)
    assert read is None or read.key
