"""The cells of a row and the same row as one text: one door, in one commune."""

import csv
from pathlib import Path

import pytest

from geo.admin import parse_name, split_parts
from geo.label import named, number_label
from registry.files.spellings.communes import CommuneReader, CommuneSpelling
from registry.files.spellings.door_cells import read_flat, read_number, read_place, read_street
from registry.files.spellings.doors import DoorParts, combined, is_refused
from registry.intake.texts import TextReader
from registry.units.gazetteer import Gazetteer, today
from tests.support.vectors import read_vectors

APART = {
    "12 Kênh số 1, Phường Bến Nghé, Quận 1",  # alone, `Kênh số 1` may be a house on Kênh
    "Số 12/3A đường Quy hoạch số 10, P. Bến Nghé, Q1",
    "Đơn nguyên 2, nhà A5, tập thể Giảng Võ, Ba Đình, Hà Nội",
}
"""Vectors of which a cell says less than the whole text."""


def cells_of(door: DoorParts) -> tuple[str, str, str, str, str, str]:
    """As a list of columns has them."""
    building, _, floor, unit = door.flat or (None, None, None, None)
    places = zip(*door.place[:2], strict=True) if door.place else ()
    return (
        number_label(door.number[1], door.number[0]) if door.number else "",
        named(*door.street[:2]) if door.street else "",
        ", ".join(named(*place) for place in places),
        building or "",
        floor or "",
        unit or "",
    )


def read_cells(number: str, street: str, place: str, *flat: str) -> DoorParts:
    return combined(read_number(number), read_street(street), read_place(place), read_flat(*flat))


def keys(door: DoorParts) -> tuple[object, ...]:
    return (
        door.number and door.number[1:],
        door.street and door.street[2],
        door.place and door.place[2],
        door.flat and door.flat[1:],
    )


def differing(gazetteer: Gazetteer, texts: list[str]) -> set[str]:
    """Rows whose door differs when read from columns."""
    reader = TextReader(gazetteer, today())
    found = set()
    for text in texts:
        door = reader.read(text, "", "", *[""] * 6).door
        refused = door.number is not None and is_refused(door.number)
        if not refused and keys(read_cells(*cells_of(door))) != keys(door):
            found.add(text)
    return found


def real_texts(folder: Path) -> list[str]:
    with (folder / "real_addresses.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [row[column] for row in rows for column in ("address", "address_before_2025")]


def test_text_and_cells_give_the_same_door(gazetteer: Gazetteer) -> None:
    assert differing(gazetteer, [row["text"] for row in read_vectors("addresses")]) == APART


@pytest.mark.thorough
def test_real_text_and_cells_give_the_same_door(gazetteer: Gazetteer, shared_data: Path) -> None:
    texts = real_texts(shared_data)
    found = differing(gazetteer, texts)
    # `P132 Đường B5` may be a flat, `Đường Số 8A - Khu A` one name.
    assert len(found) <= len(texts) // 500, sorted(found)


@pytest.mark.thorough
@pytest.mark.parametrize(("column", "units"), [("address", 2), ("address_before_2025", 3)])
def test_real_text_and_cells_give_the_same_commune(
    gazetteer: Gazetteer, shared_data: Path, column: str, units: int
) -> None:
    reader, texts = CommuneReader(gazetteer, today(), ()), TextReader(gazetteer, today())
    with (shared_data / "real_addresses.csv").open(encoding="utf-8", newline="") as lines:
        rows = [row[column].removesuffix(", Việt Nam") for row in csv.DictReader(lines)]
    differing, known = [], 0
    for text in rows:
        cells = split_parts(text)[-units:]
        if len(cells) < units or (units == 2 and not parse_name(cells[0])[0].kinds):
            continue  # a former one
        commune, *district, province = cells
        spelling = CommuneSpelling(None, commune, *(district or [None]), province)
        of_cells = reader.read(spelling)
        if of_cells.problem is None and of_cells.notice in (None, "commune_from_former"):
            known += 1
            of_text = texts.read(text, "", "", *[""] * 6).commune
            if of_text.candidates != of_cells.candidates:
                differing.append(text)
    assert known > len(rows) * 0.7
    assert len(differing) <= len(rows) // 150, differing
