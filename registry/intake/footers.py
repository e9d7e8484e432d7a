"""Rows of a file that are no households: totals, notes and signatures below or between them.

They are told from rows that lack something by their words, and only among rows that could not be
published: a door is never passed over. They are counted, and noted, and handed back to nobody.
"""

import re
from itertools import islice
from typing import Final

from sqlalchemy import text

from geo.text import fold
from registry.intake.reader import SourceFile, rows_of
from registry.intake.staging import Staging

_LOOKED_AT: Final = 1_000
"""Rejected rows that are looked at, from the end of the file."""
_LONGEST: Final = 12
"""Words of a cell that may be a footer's."""
# Folded, from the beginning of a cell.
_WORDS: Final = re.compile(
    r"((tong )?cong (toan )?(phuong|xa|thi tran|dac khu|tinh|thanh pho|thon|ap|to|khu pho|khom)\b.*"
    r"|tong( cong| so( ho)?| hop)?|cong( trang| don| mang sang)?|mang sang( trang sau)?"
    r"|(so ho )?(viet )?bang chu .*|ghi chu .*"
    r"|nguoi lap( bieu| bang| danh sach)?|thu truong( don vi)?|(pho )?chu tich|ke toan( truong)?"
    r"|can bo|cong an|to truong|truong thon|truong ap|xac nhan( cua .*)?|t ?m ubnd.*|ubnd.*"
    r"|k t chu tich|(da )?ky( va dong dau| ten| ghi ro ho ten)?|ghi chu|danh sach co"
    r"|.{0,40}ngay( \d*)? ?thang( \d*)? ?nam( \d*)?)"
)
_SIGNED: Final = re.compile(r"^([^\W\d_][^:\d]*):(?:[ .]*[^\W\d_]+){1,6}[ .]*$")
"""Who signs behind what he is: a name has no figure."""
_REMARK: Final = re.compile("(so ho )?(viet )?bang chu |ghi chu ")
"""Begins a cell that may be long."""
_SIGNER: Final = re.compile(
    r"(nguoi lap|chu tich|(pho )?chu tich|t ?m ubnd|k t|(da )?ky\b|xac nhan)"
)
"""Begins a cell above a signature, folded; the name of who signs stands below."""
_NAME: Final = re.compile(r"[^\W\d_]+(?: [^\W\d_]+){1,5}")
_LEAST_REPEATED: Final = 2
"""Names of columns that a row must repeat to be the header again."""
_AMOUNT: Final = re.compile(r"[\d.,\s]*( (ho|nhan khau|dong|trang))?")
_REJECTED: Final = """
    SELECT row_number FROM entry WHERE rejected AND point IS NULL
    ORDER BY row_number DESC LIMIT :most
"""
_NOTE: Final = """
    WITH gone AS (
        DELETE FROM import_problem
        WHERE import_id = :import_id AND row_number = ANY (CAST(:rows AS bigint[]))
    )
    INSERT INTO import_problem (import_id, row_number, code, severity)
    SELECT :import_id, unnest(CAST(:rows AS bigint[])), 'row_skipped', 'notice'
"""


def skip_footers(staging: Staging, file: SourceFile) -> int:
    """Take footers out of the problems, and leave the table `skipped`; how many there are.

    Needs what `judge` leaves; the rows stay rejected in `entry`, and are written nowhere.
    """
    staging.create("skipped", "row_number bigint")
    found = staging.connection.execute(text(_REJECTED), {"most": _LOOKED_AT}).scalars()
    numbers = sorted(found)
    footers = _footers(file, numbers) if numbers else []
    if footers:
        staging.copy("skipped", ((number,) for number in footers))
        parameters = {"import_id": staging.import_id, "rows": footers}
        staging.connection.execute(text(_NOTE), parameters)
    return len(footers)


def _footers(file: SourceFile, numbers: list[int]) -> list[int]:
    """Those of the rows that are footers."""
    footers, at, signed = [], 0, False
    header = {fold(name) for name in file.headers if name.strip()}
    with rows_of(file) as rows:
        for number in numbers:
            row = next(islice(rows, number - at - 1, None), [])
            # Only a row that follows at once: all others are doors, or were passed over.
            signed = signed and number == at + 1
            at = number
            if is_footer(row) or _is_header(row, header) or (signed and _is_signature(row)):
                footers.append(number)
                signed = signed or _is_signed(row)
    return footers


def _is_header(row: list[str], header: set[str]) -> bool:
    """Whether the row is the header again, as each printed page has it."""
    names = [fold(cell) for cell in row if cell.strip()]
    return len(names) >= _LEAST_REPEATED and header.issuperset(names)


def _is_signed(row: list[str]) -> bool:
    return any(_SIGNER.match(fold(cell)) for cell in row)


def _is_signature(row: list[str]) -> bool:
    """Whether the row holds names and nothing else."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return bool(cells) and all(_NAME.fullmatch(cell) and cell[0].isupper() for cell in cells)


def is_footer(row: list[str]) -> bool:
    """Whether the cells of a row are a total, a note or a signature, and nothing else.

    >>> is_footer(["", "Tổng cộng:", "", "261 hộ"]), is_footer(["Cộng Hoà", "12", "00004"])
    (True, False)
    >>> is_footer(["Ba Đình, ngày 3 tháng 2 năm 2026"]), is_footer(["NGƯỜI LẬP BIỂU", "CHỦ TỊCH"])
    (True, True)
    >>> is_footer(["Người lập biểu: Nguyễn Văn A"]), is_footer(["Tổ trưởng: số 5 Láng"])
    (True, False)
    >>> is_footer(["Cộng Phường Láng", "", "15 hộ"]), is_footer(["(Bằng chữ: mười lăm hộ)"])
    (True, True)
    """
    cells = [fold(_SIGNED.sub(r"\1", cell.strip())) for cell in row if cell.strip()]
    words = [cell for cell in cells if not _AMOUNT.fullmatch(cell)]
    return bool(words) and all(
        (len(cell.split()) <= _LONGEST or _REMARK.match(cell)) and _is_footers(cell)
        for cell in words
    )


def _is_footers(cell: str) -> bool:
    found = _WORDS.match(cell)
    return found is not None and bool(_AMOUNT.fullmatch(cell[found.end() :]))
