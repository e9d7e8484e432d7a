"""The wording of decisions. The grounds are the usual ones; an office may give its own."""

from pathlib import Path
from typing import Final, NamedTuple

from geo.lexicon import read_table

ABOUT: Final = {
    "name_street": "đặt tên {name} thuộc {where}",
    "rename_street": "đổi tên {before} thành {name} thuộc {where}",
    "renumber_street": "đánh số lại nhà trên {name} thuộc {where}",
    "name_locality": "đặt tên {name} thuộc {where}",
    "rename_locality": "đổi tên {before} thành {name} thuộc {where}",
    "renumber_locality": "đánh số lại nhà tại {name} thuộc {where}",
}
"""Kind of event → subject of its decision."""


class Ground(NamedTuple):
    """A legal ground: a row of `grounds.csv`, which documents its columns."""

    event: str
    ground: str
    seen_in: str

    def fault(self, comments: str) -> str | None:
        """Return what is wrong with it; None if nothing is."""
        return None if f" {self.event}:" in comments else f"no event {self.event!r}"


_GROUNDS: Final = read_table(Path(__file__).with_name("grounds.csv"), Ground, key=2, in_order=False)


def grounds_of(kind: str) -> tuple[str, ...]:
    """Return the grounds that the decision of an event of that kind cites."""
    return tuple(each.ground for each in _GROUNDS if each.event in ("any", kind))


_FIRST: Final = {
    "name_street": "Đặt tên {name} thuộc {where}",
    "rename_street": "Đổi tên {before} thuộc {where} thành {name}",
    "renumber_street": "Đánh số lại {count} số nhà trên {name} thuộc {where}{annex}",
    "name_locality": "Đặt tên {name} thuộc {where}",
    "rename_locality": "Đổi tên {before} thuộc {where} thành {name}",
    "renumber_locality": "Đánh số lại {count} số nhà tại {name} thuộc {where}{annex}",
}
_ANNEX: Final = ", theo Phụ lục kèm theo Quyết định này"
_MAP: Final = "; vị trí theo sơ đồ kèm theo"
_SECOND: Final = {
    "name": "Tên này được ghi vào sổ mã địa chỉ số và dùng để đánh số nhà.",
    "rename": "Mã địa chỉ số và số nhà của từng nhà giữ nguyên. Tên cũ vẫn tra cứu được trong sổ mã"
    " địa chỉ số.",
    "renumber": "Mã địa chỉ số của từng nhà giữ nguyên. Số nhà cũ vẫn tra cứu được trong sổ mã địa"
    " chỉ số.",
}


def articles(kind: str, count: int, words: dict[str, str], *, annexed: bool) -> tuple[str, ...]:
    """Return the articles of a decision, without their numbers; `annexed` if a map follows."""
    first = (
        _FIRST[kind].format(count=count, annex=_ANNEX, **words) + (_MAP if annexed else "") + "."
    )
    third = (
        "Quyết định này có hiệu lực kể từ ngày ký. Văn phòng Hội đồng nhân dân và Ủy ban nhân dân,"
        " các cơ quan, đơn vị có liên quan, các tổ chức, hộ gia đình và cá nhân trên"
        f" {words['name']} chịu trách nhiệm thi hành Quyết định này./."
    )
    return (first, _SECOND[kind.partition("_")[0]], third)
