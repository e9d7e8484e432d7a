"""Names of a resolution's members: as columns of a table, in English and Vietnamese."""

from typing import Final

from geo.text import fold
from registry.files.table_file import TableFile

TABLE: Final = TableFile("resolution", (("what",), ("unit",)))
_WHATS: Final = TABLE.column("what").choices
MEMBERS: Final = {
    **{spelling: column.field for column in TABLE.columns for spelling in column.spellings},
    **{fold(spelling): what for what, words in _WHATS.items() for spelling in (what, *words)},
    "nghi quyet": "resolution",
    "resolution": "resolution",
    "changes": "changes",
    "cac thay doi": "changes",
    **dict.fromkeys(("ten", "ten don vi"), "name"),
    **dict.fromkeys(("ma", "ma so", "code"), "code"),
    **dict.fromkeys(("loai", "loai hinh"), "kind"),
    **dict.fromkeys(("tinh", "ma tinh"), "province"),
    **dict.fromkeys(("don vi", "xa", "phuong"), "unit"),
    **dict.fromkeys(("cac don vi", "units"), "units"),
    **dict.fromkeys(("vao", "thanh"), "into"),
    **dict.fromkeys(("phan", "part"), "part"),
    **dict.fromkeys(("cac phan", "parts"), "parts"),
    **dict.fromkeys(("da giac", "ranh gioi", "polygon"), "polygon"),
    **dict.fromkeys(("tru so", "seat"), "seat"),
    **dict.fromkeys(("dien tich", "area km2"), "area_km2"),
    **dict.fromkeys(("ten tieng anh", "name en"), "name_en"),
}
"""Folded spelling → member."""
