"""What a cell names besides the value of its column, so that it is not lost silently."""

from typing import Final

from geo import lexicon
from geo.address import pieces_in_cell
from geo.piece import Piece
from geo.roles import COMMUNES
from geo.text import fold
from geo.values import value
from geo.words import text_of

_DESCRIBING: Final = frozenset(map(fold, lexicon.names("beside", "describing")))


@value(frozen=True, slots=True)
class BesideStreet:
    """What a street column names besides the street that is read from it."""

    communes: tuple[str, ...] = ()
    """With their kinds."""
    names: tuple[str, ...] = ()
    """Streets, or names that may be anything."""


def beside_street(text: str) -> BesideStreet:
    """Return what a cell of a street column names besides its street, without descriptions.

    >>> beside_street("Đặng Tất (P. Vĩnh Hải)").communes, beside_street("Lê Lợi, Trần Phú").names
    (('P. Vĩnh Hải',), ('Trần Phú',))
    >>> beside_street("Lê Lợi (góc Trần Phú)"), beside_street("Đường Lê Lợi, tổ 3").names
    (BesideStreet(communes=(), names=()), ())
    """
    pieces = [piece for piece in pieces_in_cell(text) if piece.complete]
    if len(pieces) < 2:
        return BesideStreet()
    streets = [piece for piece in pieces if piece.role in ("street", "bare")]
    communes = [piece for piece in pieces[1:] if piece.role == "admin" and piece.kind in COMMUNES]
    return BesideStreet(
        tuple(text_of(piece.all_words) for piece in communes),
        tuple(text_of(piece.all_words) for piece in streets[1:] if not _describes(piece)),
    )


def beside_number(text: str) -> tuple[str, ...]:
    """Return the names and marks in a house number cell that the grammar does not read as a number.

    >>> beside_number("12, Hàng Khoai"), beside_number("12 (P. Trúc Bạch)"), beside_number("XII")
    (('Hàng Khoai',), ('P. Trúc Bạch',), ('XII',))
    >>> beside_number("Nhà A"), beside_number("12 (cũ 14)"), beside_number("nhà riêng")
    (('Nhà A',), (), ())
    """
    return tuple(
        text_of(piece.all_words)
        for piece in pieces_in_cell(text)
        if (piece.role in ("bare", "admin") and not _describes(piece)) or _is_mark_of_house(piece)
    )


def _describes(piece: Piece) -> bool:
    return piece.all_words[0].key in _DESCRIBING


def _is_mark_of_house(piece: Piece) -> bool:
    return piece.role == "premises" and piece.kind == "nhà" and len(piece.all_words[-1].key) == 1
