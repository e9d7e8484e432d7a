"""Read lists with headings for hamlets, streets or blocks: a row `Tổ dân phố 1` above its houses.

The names of headings become an additional column, and the heading rows become blank.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from registry.core.messages import Message
from registry.files.fields import Columns
from registry.files.formats.table import Rows, Table
from registry.files.spellings.footer_words import is_footer, is_signed
from registry.files.spellings.heading_words import PLACE_HEADER, Groups, named_in, plain
from registry.files.spellings.place_kinds import depth_of
from registry.files.spellings.returned import clean_text

_STREET_HEADER: Final = "Đường (nhóm)"
_LONGEST: Final = 200
"""Most letters of a heading."""
_COUNTS: Final = re.compile(r"[IVXL]+|[A-ZĐ]|[\d.,]+")
"""Cells beside the name of a heading: its number, or the count of rows below it."""
_ROMAN: Final = re.compile("[IVXL]+")
_LAST_COLUMN: Final = 2
"""Last column, by index, of a heading with counts beside it."""
_PLACE_NOTE: Final = "rows_take_hamlet_above"
_STREET_NOTE: Final = "rows_take_street_above"
_BLOCK_HEADER: Final = "Toà (nhóm)"
_BLOCK: Final = re.compile(
    r"(?:block|tháp|to[àa]|t[òo]a|to[àa] nhà|t[òo]a nhà|đơn nguyên|khối nhà) [A-ZĐ]{0,3}\d{0,3}"
    r"(?:[.-]?\d{1,3})?",
    re.IGNORECASE,
)
_BLOCK_NOTE: Final = "rows_take_block_above"
_OF_DOORS: Final = frozenset(
    {
        *("house_number", "alley", "street", "building", "floor", "unit", "point"),
        *("longitude", "longitude_minutes", "latitude", "latitude_minutes"),
    }
)
"""Fields that are blank in a heading."""


@dataclass(frozen=True, slots=True)
class _Heading:
    """A row that only names a group of rows below it."""

    text: str
    groups: Groups
    """Innermost first."""
    street: str = ""
    building: str = ""


@dataclass(frozen=True, slots=True)
class _Headings:
    """Recognises the headings of one file."""

    doors: frozenset[int]
    """Indexes of columns of doors."""
    places: bool
    """Whether headings may name localities, as no column does."""
    streets: bool
    """Whether headings may name streets, as no column does."""
    blocks: bool
    """Whether headings may name blocks, as the rows are flats."""

    def of(self, row: list[str]) -> _Heading | None:
        """The heading if the row only names localities, a street or a block; else None."""
        cells = [(at, cell) for at, cell in enumerate(row) if cell.strip()]
        named = [(at, cell) for at, cell in cells if not _COUNTS.fullmatch(cell.strip())]
        if len(named) != 1 or len(named[0][1]) > _LONGEST:
            return None
        if is_footer([cell for _, cell in cells]):
            return None
        ((at, text),) = named
        beside = {place for place, _ in cells if place != at}
        if beside and (at > _LAST_COLUMN or not self.doors.isdisjoint(beside)):
            return None
        if self.blocks and _BLOCK.fullmatch(block := plain(text)):
            return _Heading(text, (), building=block)
        # `I`, `Tổ 1` is a heading; `1`, `Tổ 1` may be a house.
        if beside and at in self.doors and not _ROMAN.fullmatch(cells[0][1].strip()):
            return None
        groups, street = named_in(text)
        # `Đường bê tông` beside a row number is a remark.
        if cells[0][1].strip().isdigit():
            street = ""
        if groups and self.places:
            return _Heading(text, groups)
        return _Heading(text, (), street=street) if street and self.streets else None


def under_headings(
    table: Table, columns: Columns, sample: Iterable[list[str]]
) -> tuple[Table, Columns]:
    """The table with the names of its headings as columns; `sample` are its first rows.

    Unchanged if there are no headings, or columns or address texts hold all they could name.
    """
    headings = _Headings(
        frozenset(_columns_of_doors(columns)),
        places="locality" not in columns.fields and not columns.free_text,
        streets="street" not in columns.fields and not columns.free_text,
        blocks="unit" in columns.positions and "building" not in _joined(columns),
    )
    seen = [heading for row in sample if (heading := headings.of(row))]
    place = next((each.text for each in seen if each.groups), None)
    street = next((each.text for each in seen if each.street), None)
    block = next((each.text for each in seen if each.building), None)
    made = [
        (field, header, Message(note, seen=clean_text(text)))
        for field, header, note, text in (
            ("locality", PLACE_HEADER, _PLACE_NOTE, place),
            ("street", _STREET_HEADER, _STREET_NOTE, street),
            ("building", _BLOCK_HEADER, _BLOCK_NOTE, block),
        )
        if text is not None
    ]
    if not made:
        return table, columns
    width, fields = len(table.headers), [field for field, _, _ in made]
    # An existing column of blocks may be blank below headings.
    own = {field: columns.positions[field] for field in fields if field in columns.positions}

    @contextmanager
    def below_headings() -> Iterator[Rows]:
        with table.rows() as below:
            yield _placed(below, width, headings, fields, own)

    return (
        replace(
            table,
            headers=(*table.headers, *(header for _, header, _ in made)),
            rows=below_headings,
            notes=(*table.notes, *(note for _, _, note in made)),
        ),
        replace(
            columns,
            positions=columns.positions
            | {field: width + place for place, field in enumerate(fields)},
            known={**columns.known, **dict(enumerate(fields, width))},
        ),
    )


def _joined(columns: Columns) -> frozenset[str]:
    return frozenset(joined.field for joined in columns.joined)


def _columns_of_doors(columns: Columns) -> Iterator[int]:
    yield from (at for field, at in columns.positions.items() if field in _OF_DOORS)
    for joined in columns.joined:
        yield from (at for field, at in joined.parts if field in _OF_DOORS)


def _placed(
    rows: Rows,
    width: int,
    headings: _Headings,
    fields: Sequence[str],
    own: Mapping[str, int],
) -> Rows:
    groups: Groups = ()
    street = building = ""
    for row in rows:
        if heading := headings.of(row):
            # In a list by hamlets a street is inside the hamlet above it, and ends with it.
            building = heading.building
            street = street if building else heading.street
            groups = _nested(groups, heading.groups) if heading.groups else groups
            yield []
        elif is_footer(row):
            if is_signed(row):
                groups, street, building = (), "", ""
            yield row
        elif any(row):
            place = ", ".join(f"{group.kind} {group.name}" for group in groups)
            named = {"locality": place, "street": street, "building": building}
            for field, at in own.items():
                named[field] = (row[at].strip() if at < len(row) else "") or named[field]
            made = [named[field] for field in fields]
            # Cells beyond the header stay at the end, so that the row is rejected.
            yield [*row[:width], *[""] * (width - len(row)), *made, *row[width:]]
        else:
            yield row


def _nested(groups: Groups, named: Groups) -> Groups:
    """The localities after a heading, which ends those at its level or inside it."""
    outermost = max(depth_of(group.kind) for group in named)
    return (*named, *(group for group in groups if depth_of(group.kind) > outermost))
