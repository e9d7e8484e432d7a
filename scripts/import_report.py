"""What became of a file, in words: counts, then problems by code with examples, then rows."""

import shlex
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from registry.core.remedies import Remedy
from registry.errors import TooManyVanishedError
from registry.intake.judging.problems import PROBLEMS
from registry.intake.judging.row_problem import RowProblem
from registry.intake.result import ImportResult
from registry.messages import number, percent

COUNTS: Final = {
    "rows": "dòng",
    "new": "mới",
    "changed": "thay đổi",
    "unchanged": "không đổi",
    "linked": "trùng chỗ ở đã có",
    "rejected": "bị loại",
    "warned": "có cảnh báo",
    "buildings": "toà nhà mới",
}
_HEADLINES: Final = {
    "published": "Đợt nhập {}",
    "reported": "Chạy thử, chưa ghi gì",
    "refused": "Chưa ghi gì: có dòng bị loại, mà --strict chỉ ghi khi mọi dòng đều được",
}
_SEVERITIES: Final = {"error": "lỗi", "warning": "cảnh báo", "notice": "lưu ý"}
_ROWS: Final = 20
"""Rejected rows that are shown on a screen; `--report` has them all."""


def told(result: ImportResult) -> Iterator[str]:
    """The result, line by line; what was only tried is told with examples and rows."""
    tried = result.state != "published"
    yield _HEADLINES[result.state].format(result.import_id)
    yield from _counts(result)
    examples = {
        code: list(found) for code, found in groupby(result.examples, key=lambda each: each.code)
    }
    for code, count in sorted(result.problems.items(), key=_gravest_first):
        kind = PROBLEMS[code]
        yield f"  {_SEVERITIES[kind.severity]:<9} {number(count):>8}  {kind.vi}  [{code}]"
        if tried:
            yield from (f"{'':22}{_shown(each, result)}" for each in examples.get(code, ()))
    yield from _near_names(result) if tried else ()
    if result.delivered_before:
        files = ", ".join(f"{name} ({number(n)})" for name, n in result.delivered_before.items())
        yield (
            "  cảnh báo  không có mã hồ sơ, trùng với dòng của tệp khác cùng nguồn, coi là một nhà:"
            f" {files}"
        )
    if result.vanished_warning:
        yield f"  cảnh báo  {vanished_warning(result)}"
    yield from (f"  tệp: {note}" for note in result.file_notes)
    if result.columns_personal:
        yield f"  bỏ, không lưu (thông tin cá nhân): {', '.join(result.columns_personal)}"
    if result.columns_unknown:
        yield f"  cột không dùng: {', '.join(result.columns_unknown)}"
    if result.columns_unread:
        yield "  cảnh báo  cột có dữ liệu mà không được đọc:"
        yield from (f"{'':13}{header}" for header in result.columns_unread)
        remedy = Remedy("mapping", dict.fromkeys(result.columns_unread, ""))
        mapping = f"--mapping {remedy.typed}"
        yield f"{'':13}nếu cột nào cần đọc, ghi tên trường vào giữa hai dấu nháy: {mapping}"
    if tried and result.row_problems:
        yield "  các dòng bị loại, không kể dòng tiêu đề:"
        yield from _rows(result)


def _near_names(result: ImportResult) -> Iterator[str]:
    if result.near_names:
        yield "  tên mới gần giống tên đã có; trả lời thì nhớ cho nguồn này:"
    for each in result.near_names[:_ROWS]:
        name, other = each["name"], each["near"][0]
        yield (
            f"{'':13}là một: --name {shlex.quote(f'{name}={other}')}; "
            f"là tên khác: --name {shlex.quote(f'{name}={name}')}"
        )


def _gravest_first(counted: tuple[str, int]) -> tuple[int, int]:
    code, count = counted
    return list(_SEVERITIES).index(PROBLEMS[code].severity), -count


def vanished_warning(result: ImportResult) -> str:
    """How much of its source a full delivery lacks."""
    shown = f"{percent(result.vanished_share)} mã hồ sơ của nguồn không còn trong tệp"
    if result.vanished_warning == TooManyVanishedError.code and not result.import_id:
        shown += "; nhập thật sẽ bị từ chối nếu không thêm --accept-vanished"
    return f"{shown}  [{result.vanished_warning}]"


def _counts(result: ImportResult) -> Iterator[str]:
    for key, label in COUNTS.items():
        yield _line(label, getattr(result, key))
    if result.skipped:
        yield _line("bỏ qua, không phải hộ", result.skipped)
    if result.fixed:
        yield _line("đã tự sửa", sum(result.fixed.values()))
    if result.vanished:
        yield _line("không còn trong tệp", result.vanished, percent(result.vanished_share))
        yield _line("mã ngừng dùng", result.retired)
    if result.demo_removed:
        yield _line("minh hoạ đã gỡ", result.demo_removed)


def _line(label: str, count: int, more: str = "") -> str:
    return f"  {label:<20} {number(count):>10}  {more}".rstrip()


def _row(row: int, result: ImportResult) -> str:
    """`dòng 38 (Excel: 44)`: the rows below the header, and what the spreadsheet shows."""
    shown = f" (Excel: {result.numbering.place(row)})" if result.numbering else ""
    return f"dòng {number(row)}{shown}"


def _shown(problem: RowProblem, result: ImportResult) -> str:
    """One problem of one row: `dòng 4: 21.0412 105.8404 → kinh độ, vĩ độ đúng: …`."""
    told = _row(problem.row_number, result)
    if problem.value:
        told += f": {problem.value}"
    fix = problem.fix_vi(result.numbering)
    return f"{told} → {fix}" if fix else told


def _rows(result: ImportResult) -> Iterator[str]:
    rows = groupby(result.row_problems, key=lambda each: each.row_number)
    for shown, (row, problems) in enumerate(rows):
        if shown == _ROWS:
            yield f"    … và {number(result.rejected - shown)} dòng nữa: --report TỆP"
            return
        kinds = dict.fromkeys(PROBLEMS[problem.code].vi.partition(":")[0] for problem in problems)
        yield f"    {_row(row, result)}: {'; '.join(kinds)}"
