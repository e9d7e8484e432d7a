"""The options of an import, and its result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

from registry.core.messages import Message, stored
from registry.files.formats.table import Numbering
from registry.intake.columns.edited import NO_EDITS, Edits
from registry.intake.columns.reader import SourceFile
from registry.intake.engine import Workbench
from registry.intake.judging.row_problem import RowProblem

MAX_SHOWN: Final = 1_000
"""Most problems of rejected rows in a result; `Handback.problems` has them all."""
MAX_NAMES: Final = 200
_NEAR_NAME: Final = ("field", "name", "near", "rows")
EXAMPLES: Final = 3
"""Example rows of each problem in a result."""
FIXED: Final = ("coordinates_swapped_back",)
"""Codes of the notices of rows fixed by the option `fix`, if there is only one reading. Missing
data is never invented, and ambiguity never decided: a house number that became a date keeps both
readings, and a person chooses."""
_NOT_KEPT: Final = ("examples", "row_problems", "columns_unread")
"""Members that show cells of rows."""
VERDICT: Final = (
    *("rows", "new", "changed", "unchanged", "linked", "rejected", "vanished", "retired"),
)
"""The counts of an import's effect on the register."""
PHASES: Final = ("reading", "judging", "publishing", "committing", "feed")
"""The phases of an import, in order; a dry run ends before `publishing`."""
Phases = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """The options of an import."""

    source: str
    delivery: str = "partial"
    decision_number: str | None = None
    dry_run: bool = False
    strict: bool = False
    """Publish only if no row is rejected."""
    accept_vanished: bool = False
    """Publish a full delivery that lacks nearly all of its source."""
    demo_as_real: bool = False
    """Issue real codes for a file marked as demo data, for measurements."""
    actor: str = "operator"
    sheet: str | None = None
    """The sheet or layer to read, if there are several."""
    mapping: Mapping[str, str] | None = None
    """Header → field, for unknown headers."""
    commune: str | None = None
    """Code of the commune of all rows, for a file without a column of communes."""
    fix: bool = False
    """Apply the unambiguous fixes (`FIXED`)."""
    names: Mapping[str, str | None] | None = None
    """Spelling of a street or locality → the name meant, itself if it is a separate place, None to
    ask again (`settled_names`)."""
    rows_as_delivered: bool = False
    """Number returned rows as in the file that they come from."""
    edits: Edits = NO_EDITS
    """Cells edited after the delivery."""
    crs: str | None = None
    """The confirmed coordinate system of the file (`positions`)."""
    import_id: int | None = None
    """An existing import that waits to be published; None to create one."""
    expected: Mapping[str, Any] | None = None
    """The reviewed counts of the dry run: published only if they are still the same."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The result: rows = new + changed + unchanged + linked + rejected + skipped."""

    import_id: int | None
    """Number of the import; None if nothing was published."""
    state: str
    """published | reported (a dry run) | refused (a strict import with rejected rows)."""
    rows: int
    new: int
    changed: int
    unchanged: int
    linked: int
    linked_in_file: int
    """Linked rows whose door another row of the file names too."""
    near: dict[str, int]
    """Possible duplicates by problem code; a person decides (`near`)."""
    uses: dict[str, int]
    """Rows by use, if the file states uses; a row may have several. Not for a repeated file."""
    rejected: int
    skipped: int
    """Rows that are not households: totals, notes, signatures."""
    delivered_before: dict[str, int]
    """File name → rows without a reference whose doors other files of the source contain."""
    warned: int
    vanished: int
    """References of the source missing from a full delivery; not rows."""
    vanished_share: float
    """Share of the source's current references."""
    vanished_warning: str | None
    """`many_vanished`, or `too_many_vanished`, which is published only if accepted."""
    retired: int
    """Records that only vanished references name."""
    buildings: int
    demo_removed: int
    fixed: dict[str, int]
    """Rows fixed by `fix`, by code of their notice; also in `problems`."""
    problems: dict[str, int]
    """Rows per problem code."""
    near_names: tuple[dict[str, Any], ...]
    """New names similar to others of their commune, the most frequent first: `field` (street |
    locality), `name`, `near` (the similar names), `rows`; at most `MAX_NAMES`."""
    columns_personal: tuple[str, ...]
    columns_unknown: tuple[str, ...]
    columns_unread: tuple[str, ...] = field(repr=False)
    """The `columns_unknown` that are not blank."""
    file_notes: tuple[Message, ...]
    """Notes on the file: its encoding, font or sheet."""
    commune: str | None
    """Code of the commune of all rows, if the file names none."""
    systems: tuple[str, ...]
    """Coordinate systems of which one must be confirmed; () if none."""
    examples: tuple[RowProblem, ...] = field(repr=False)
    """A few rows of each problem, in the order of `problems`."""
    row_problems: tuple[RowProblem, ...] = field(repr=False)
    """Problems of rejected rows: the first `MAX_SHOWN`."""
    numbering: Numbering | None = field(repr=False)
    """Where a spreadsheet shows the rows; None for other formats."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON, without cells of rows; messages are not rendered yet."""
        names = (each.name for each in fields(self) if each.name not in _NOT_KEPT)
        return {name: stored(getattr(self, name)) for name in names}


_WARNED: Final = "SELECT count(DISTINCT row_number) FROM problem WHERE severity = 'warning'"
# Unreadable longitude and latitude count as one problem of one row.
_BY_CODE: Final = "SELECT code, count(DISTINCT row_number) FROM problem GROUP BY code ORDER BY code"


_NO_ACCURACY: Final = Message("accuracy_column_missing")


def _of_accuracy(file: SourceFile) -> tuple[Message, ...]:
    """A note that the points lack an accuracy, which coverage requires."""
    missing = file.placed and "position_accuracy_m" not in file.columns.fields
    return (_NO_ACCURACY,) if missing else ()


def result_of(
    bench: Workbench,
    state: str,
    counts: dict[str, Any],
    file: SourceFile,
    numbering: Numbering | None,
) -> ImportResult:
    """The result of an import with its counts and problems."""
    problems: dict[str, int] = dict(bench.rows(_BY_CODE))
    examples = tuple(RowProblem(*row) for row in bench.rows("results/examples.sql", most=EXAMPLES))
    row_problems = tuple(
        RowProblem(*row) for row in bench.rows("results/of_rejected.sql", most=MAX_SHOWN)
    )
    near = bench.rows("results/near_names.sql", most=MAX_NAMES) if bench.has("near_row") else []
    return ImportResult(
        import_id=bench.import_id if state == "published" else None,
        state=state,
        **({"buildings": 0, "demo_removed": 0} | counts),
        warned=bench.value(_WARNED),
        fixed={code: rows for code, rows in problems.items() if code in FIXED},
        problems=problems,
        near_names=tuple(dict(zip(_NEAR_NAME, row, strict=True)) for row in near),
        columns_personal=file.columns.personal,
        columns_unknown=file.columns.unknown,
        columns_unread=file.unread,
        file_notes=(*file.notes, *_of_accuracy(file)),
        systems=file.table.systems,
        examples=examples,
        row_problems=row_problems,
        numbering=numbering,
    )
