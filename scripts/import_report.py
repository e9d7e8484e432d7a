"""The report of an import as text: counts, then problems by code with examples, then rows."""

import shlex
from collections.abc import Iterator
from itertools import groupby
from typing import Final

from registry.core.errors import TooManyVanishedError
from registry.core.labels import percent
from registry.core.messages import N_, _, chosen_language, number
from registry.core.remedies import Remedy
from registry.intake.judging.problems import PROBLEMS
from registry.intake.judging.row_problem import RowProblem
from registry.intake.result import ImportResult
from registry.records.uses import USE_WORDS

COUNTS: Final = {
    "rows": N_("rows"),
    "new": N_("added"),
    "changed": N_("changed"),
    "unchanged": N_("unchanged"),
    "linked": N_("known dwellings"),
    "rejected": N_("rejected"),
    "warned": N_("with warnings"),
    "buildings": N_("new buildings"),
}
_HEADLINES: Final = {
    "published": N_("Import {number}"),
    "reported": N_("Dry run, nothing was written"),
    "refused": N_("Nothing was written: rows were rejected, and --strict writes all rows or none"),
}
_SEVERITIES: Final = {"error": N_("error"), "warning": N_("warning"), "notice": N_("notice")}
_ROWS: Final = 20
"""Rejected rows shown on the terminal; `--report` has them all."""


def report_lines(result: ImportResult) -> Iterator[str]:
    """Yield the result, line by line; of a dry run with examples and rows."""
    tried = result.state != "published"
    yield _(_HEADLINES[result.state], number=result.import_id)
    yield from _counts(result)
    examples = {
        code: list(found) for code, found in groupby(result.examples, key=lambda each: each.code)
    }
    for code, count in sorted(result.problems.items(), key=_gravest_first):
        kind = PROBLEMS[code]
        severity, words = _(_SEVERITIES[kind.severity]), _(kind.english)
        yield f"  {severity:<9} {number(count):>8}  {words}  [{code}]"
        if tried:
            yield from (f"{'':22}{_shown(each, result)}" for each in examples.get(code, ()))
    yield from _near_names(result) if tried else ()
    if result.delivered_before:
        files = ", ".join(f"{name} ({number(n)})" for name, n in result.delivered_before.items())
        yield _warning(
            _(
                "without a reference, the same as rows of another file of this source, taken for"
                " one house: {files}",
                files=files,
            )
        )
    if result.vanished_warning:
        yield _warning(vanished_warning(result))
    yield from (f"  {_('file: {note}', note=str(note))}" for note in result.file_notes)
    if result.columns_personal:
        personal = _(
            "left out, not kept (personal data): {columns}", columns=result.columns_personal
        )
        yield f"  {personal}"
    if result.columns_unknown:
        yield f"  {_('columns not used: {columns}', columns=result.columns_unknown)}"
    if result.columns_unread:
        yield _warning(_("columns with data that were not read:"))
        yield from (f"{'':13}{header}" for header in result.columns_unread)
        remedy = Remedy("mapping", dict.fromkeys(result.columns_unread, ""))
        advice = _(
            "for one that should be read, write its field between the quotation marks: {mapping}",
            mapping="--mapping " + remedy.typed,
        )
        yield f"{'':13}{advice}"
    if tried and result.row_problems:
        yield f"  {_('rejected rows, without counting the header:')}"
        yield from _rows(result)


def _near_names(result: ImportResult) -> Iterator[str]:
    if result.near_names:
        message = _("new names that are nearly known ones; an answer is kept for this source:")
        yield f"  {message}"
    for each in result.near_names[:_ROWS]:
        name, other = each["name"], each["near"][0]
        answers = _(
            "the same: --name {same}; another name: --name {different}",
            same=shlex.quote(f"{name}={other}"),
            different=shlex.quote(f"{name}={name}"),
        )
        yield f"{'':13}{answers}"


def _gravest_first(counted: tuple[str, int]) -> tuple[int, int]:
    code, count = counted
    return list(_SEVERITIES).index(PROBLEMS[code].severity), -count


def vanished_warning(result: ImportResult) -> str:
    """Return how much of its source a full delivery lacks."""
    share = percent(result.vanished_share, chosen_language())
    shown = _("{share} of the source's references are gone from the file", share=share)
    if result.vanished_warning == TooManyVanishedError.code and not result.import_id:
        shown += f"; {_('the import itself will be refused without --accept-vanished')}"
    return f"{shown}  [{result.vanished_warning}]"


def _counts(result: ImportResult) -> Iterator[str]:
    for key, label in COUNTS.items():
        yield _line(_(label), getattr(result, key))
    for use, rows in result.uses.items():
        yield _line(_(USE_WORDS[use]), rows)
    if result.skipped:
        yield _line(_("skipped, no household"), result.skipped)
    if result.fixed:
        yield _line(_("mended"), sum(result.fixed.values()))
    if result.vanished:
        share = percent(result.vanished_share, chosen_language())
        yield _line(_("gone from the file"), result.vanished, share)
        yield _line(_("codes retired"), result.retired)
    if result.demo_removed:
        yield _line(_("demo records removed"), result.demo_removed)


def _line(label: str, count: int, more: str = "") -> str:
    return f"  {label:<20} {number(count):>10}  {more}".rstrip()


def _warning(text: str) -> str:
    return f"  {_('warning')}  {text}"


def _row(row: int, result: ImportResult) -> str:
    """`dòng 38 (Excel: 44)`: the rows below the header, and what the spreadsheet shows."""
    shown = f" (Excel: {result.numbering.place(row)})" if result.numbering else ""
    return _("row {row:n}", row=row) + shown


def _shown(problem: RowProblem, result: ImportResult) -> str:
    """One problem of one row: `dòng 4: 21.0412 105.8404 → kinh độ, vĩ độ đúng: …`."""
    line = _row(problem.row_number, result)
    language = chosen_language()
    if problem.value:
        line += f": {problem.about(language)}"
    fix = problem.fix(result.numbering, language)
    return f"{line} → {fix}" if fix else line


def _rows(result: ImportResult) -> Iterator[str]:
    rows = groupby(result.row_problems, key=lambda each: each.row_number)
    for shown, (row, problems) in enumerate(rows):
        if shown == _ROWS:
            more = _("… and {count:n} more rows: --report FILE", count=result.rejected - shown)
            yield f"    {more}"
            return
        sentences = (_(PROBLEMS[problem.code].english) for problem in problems)
        kinds = dict.fromkeys(each.partition(":")[0] for each in sentences)
        yield f"    {_row(row, result)}: {'; '.join(kinds)}"
