"""How the members of a resolution are called: as columns of a table, in English and Vietnamese."""

from typing import Final

from geo.text import fold
from registry.files.table_file import TableFile

TABLE: Final = TableFile("resolution", (("what",), ("unit",)))
_WHATS: Final = TABLE.column("what").choices
MEMBERS: Final = {
    **{said: column.field for column in TABLE.columns for said in column.spellings},
    **{fold(said): what for what, words in _WHATS.items() for said in (what, *words)},
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
"""What somebody writes, folded → the member that is meant."""
