"""Kinds of localities that the header of a column says for its cells: `5` below `Tổ` is Tổ 5."""

from geo.address import parse_components
from geo.locality import DIVIDING, ESTATES, GROUPS, parse_locality
from registry.intake.headers import in_full


def kind_named(header: str) -> str:
    """The kind of locality that the header of a column names, '' where it names several.

    >>> kind_named("Tên ấp"), kind_named("TDP"), kind_named("Thôn/xóm"), kind_named("locality")
    ('ấp', 'tổ dân phố', '', '')
    """
    name = in_full(header).removeprefix("ten ").removesuffix(" so")
    place = parse_locality(f"{name} 1")
    return place.kind if place is not None and place.name == "1" else ""


def with_kind(kind: str, cell: str) -> str:
    """The cell with the kind before its name, where it says none itself.

    >>> with_kind("tổ", "5"), with_kind("tổ", "Khu phố 2"), with_kind("tổ", "5, Khu phố 2")
    ('tổ 5', 'Khu phố 2', '5, Khu phố 2')
    """
    if not kind or not cell:
        return cell
    read = parse_components(locality=cell).localities
    return f"{kind} {cell}" if len(read) == 1 and not read[0].kind else cell


def depth_of(kind: str) -> int:
    """How far out localities of the kind lie: a group lies in a quarter, which holds it."""
    if kind in GROUPS:
        return 0
    if kind in DIVIDING:
        return 1
    return 3 if kind in ESTATES else 2
