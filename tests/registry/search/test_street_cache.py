"""Cached streets with other numbers: the result must equal a fresh reading."""

import csv
import random
import re
from pathlib import Path

import pytest

from registry.search.find import street_cache
from registry.search.find.street_cache import HouseByHouse
from registry.search.read.address_reader import read_address
from registry.units.gazetteer import Gazetteer
from tests.support.vectors import read_vectors

NUMBERED = re.compile(
    r"((?:[Ss]ố (?:nhà )?|K)?)([1-9]\d{0,3}[A-Za-z]?(?:/\d{1,3}[A-Za-z]?)*)(.*)", re.DOTALL
)
LISTED = """
    47 12 1 2 8 3/7 3/2 2/9 47/31 30/4 19/8 12/12 47/12 402 502 1975 70000 5B 5D 5Đ 5P 40bis 3-5
    0 08
"""
NUMBERS = LISTED.split()
STREETS = """
    Tháng 2|tháng Tám|Bà Trưng|Đường số 7|ngõ 5 Láng|ngõ 12 Láng|đến 14 Lê Lợi|và 14 Lê Lợi
    bis Lê Lợi|Đ. Lê Lợi|D Lê Lợi|A Lê Lợi|chung cư B1|Chung cư Ban Mai|Lô B Chung cư 402|Quận 3
    xẹt 3 Lê Lợi|Phường 12|P. 3|Tổ 5|Khu phố 3|Hồ Chí Minh|km 8 Quốc lộ 1|/3 Lê Lợi|trên 3 Lê Lợi
    Lê Lợi 12|Lê Lợi
""".strip().replace("\n", "|")


def other_number(number: str, dice: random.Random) -> str:
    """A number of as many steps, with other figures and perhaps another letter."""
    path = re.sub(r"\d+", lambda figures: str(dice.randint(1, 10 ** len(figures[0]) - 1)), number)
    return re.sub(r"[A-Za-z]", lambda letter: dice.choice(["D", "P", "B", letter[0]]), path)


def check(gazetteer: Gazetteer, texts: list[str]) -> None:
    remembering = HouseByHouse(gazetteer)
    for text in texts:
        assert remembering.read(text) == read_address(gazetteer, text), text


def renumbered(texts: list[str], dice: random.Random, times: int) -> list[str]:
    found = []
    for text in texts:
        found.append(text)
        if numbered := NUMBERED.fullmatch(text):
            word, number, rest = numbered.groups()
            found += (f"{word}{other_number(number, dice)}{rest}" for _ in range(times))
            found.append(f"{word}{dice.choice(NUMBERS)}{rest}")
    return found


@pytest.mark.thorough
def test_vector_addresses_with_other_numbers_read_the_same(gazetteer: Gazetteer) -> None:
    texts = [row["text"] for row in read_vectors("addresses")]
    check(gazetteer, renumbered(texts, random.Random(1), times=4))


@pytest.mark.thorough
@pytest.mark.parametrize("word", ["", "Số ", "số nhà ", "K"])
def test_ambiguous_numbers_read_the_same(gazetteer: Gazetteer, word: str) -> None:
    streets = [street.strip() for street in STREETS.split("|")]
    tails = (", Phường Láng, Hà Nội", ", Quận 3, TP HCM")
    texts = [
        f"{word}{number}{gap}{street}{tail}"
        for street in streets
        for gap in (" ", ", ")
        for tail in tails
        for number in NUMBERS
    ]
    check(gazetteer, texts)


@pytest.mark.thorough
def test_real_addresses_with_other_numbers_read_the_same(
    gazetteer: Gazetteer, shared_data: Path
) -> None:
    with (shared_data / "real_addresses.csv").open(encoding="utf-8", newline="") as lines:
        texts = [row["address"] for row in csv.DictReader(lines)]
    check(gazetteer, renumbered(random.Random(2).sample(texts, 1_000), random.Random(3), times=3))


def test_street_is_parsed_once(gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(*asked: Gazetteer | str) -> list[object]:
        read.append(str(asked[1]))
        return list(read_address(gazetteer, str(asked[1])))

    monkeypatch.setattr(street_cache, "read_address", counted)
    remembering = HouseByHouse(gazetteer)
    for number in ("12/5A", "14/7B", "96/1A"):
        (best, *_) = remembering.read(f"{number} Lê Lợi, Phường Láng, Hà Nội")
        assert best.door.house_number is not None
        assert best.door.house_number.key == number
    for _ in range(2):
        remembering.read("Ấp 3, Xã Chợ Gạo, Đồng Tháp")
    assert read == ["12/5A Lê Lợi, Phường Láng, Hà Nội", "Ấp 3, Xã Chợ Gạo, Đồng Tháp"]


def test_cache_size_is_bounded(gazetteer: Gazetteer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(street_cache, "_CACHED", 2)
    texts = [
        f"{number} {street}, Láng" for street in ("Lê Lợi", "Lê Lai", "Lê Lý") for number in (1, 2)
    ]
    check(gazetteer, [*texts, *texts])
