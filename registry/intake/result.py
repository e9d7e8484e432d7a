"""What a deliverer says of a file, and what an import answers of it."""

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
"""Problems of rejected rows that a result holds; `Handback.problems` has them all."""
MAX_NAMES: Final = 200
_NEAR_NAME: Final = ("field", "name", "near", "rows")
EXAMPLES: Final = 3
"""Rows of each problem that a result shows."""
FIXED: Final = ("coordinates_swapped_back",)
"""Codes of what is noted of a row that was mended, where that is asked for and there is no other
reading. What a row lacks is never made up, and what may mean two things is never decided: a house
number that became a date keeps both its readings, and a person chooses."""
_NOT_KEPT: Final = ("examples", "row_problems", "columns_unread")
"""What shows cells of rows."""
VERDICT: Final = (
    *("rows", "new", "changed", "unchanged", "linked", "rejected", "vanished", "retired"),
)
"""The counts that say what an import would do to the register."""
PHASES: Final = ("reading", "judging", "publishing", "committing", "feed")
"""What an import does, in order; a dry run ends before `publishing`."""
Phases = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the deliverer says of a file."""

    source: str
    delivery: str = "partial"
    decision_number: str | None = None
    dry_run: bool = False
    strict: bool = False
    """Publish only when no row is rejected."""
    accept_vanished: bool = False
    """Publish a full delivery that lacks nearly all of its source."""
    demo_as_real: bool = False
    """Give real codes to a file whose rows say that they are made up: for measurements."""
    actor: str = "operator"
    sheet: str | None = None
    """The sheet or layer of the file to read, where there are several."""
    mapping: Mapping[str, str] | None = None
    """Header → field, for headers that we do not know."""
    commune: str | None = None
    """Code of the commune that all rows lie in, for a file that names none."""
    fix: bool = False
    """Make the fixes that leave no choice (`FIXED`)."""
    names: Mapping[str, str | None] | None = None
    """Spelling of a street or locality → the name meant, itself for one of its own, None to ask
    again (`settled_names`)."""
    rows_as_delivered: bool = False
    """Count rows that were handed back as the file that they come from does."""
    edits: Edits = NO_EDITS
    """Cells that were edited since the file came."""
    crs: str | None = None
    """The coordinate system of the file, as the deliverer has confirmed it (`positions`)."""
    import_id: int | None = None
    """An import that is there already and waits to be published; else one is made."""
    expected: Mapping[str, Any] | None = None
    """The counts of the dry run that somebody has looked at: published only while they are true."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What became of a file: rows = new + changed + unchanged + linked + rejected + skipped."""

    import_id: int | None
    """Number of the import; None where nothing was published, and nothing is left."""
    state: str
    """published | reported (a dry run) | refused (a strict import with rejected rows)."""
    rows: int
    new: int
    changed: int
    unchanged: int
    linked: int
    linked_in_file: int
    """Of those that are linked: rows of a door that another row of the file names, too."""
    near: dict[str, int]
    """Rows that may be one door with another, by what they share; a person decides (`near`)."""
    rejected: int
    skipped: int
    """Rows that are no households: totals, notes, signatures."""
    delivered_before: dict[str, int]
    """Rows without a reference that are doors of other files of the source: file name → rows."""
    warned: int
    vanished: int
    """References of the source that a full delivery no longer has; no rows."""
    vanished_share: float
    """Of the source's living references."""
    vanished_warning: str | None
    """`many_vanished`, or `too_many_vanished`: published only when that was accepted."""
    retired: int
    """Records that only vanished references named."""
    buildings: int
    demo_removed: int
    fixed: dict[str, int]
    """Rows that `fix` mended, by what was noted of them; also among `problems`."""
    problems: dict[str, int]
    """Rows per problem code."""
    near_names: tuple[dict[str, Any], ...]
    """New names that are near others of their commune, the most frequent first: `field` (street |
    locality), `name`, `near` (the others), `rows`; at most `MAX_NAMES`."""
    columns_personal: tuple[str, ...]
    columns_unknown: tuple[str, ...]
    columns_unread: tuple[str, ...] = field(repr=False)
    """Those of `columns_unknown` that hold something."""
    file_notes: tuple[Message, ...]
    """What was found out about the file: its encoding, font or sheet."""
    commune: str | None
    """Code of the commune that all rows lie in, where the file names none."""
    systems: tuple[str, ...]
    """Of coordinates, of which one has to be confirmed; () where nothing is asked."""
    examples: tuple[RowProblem, ...] = field(repr=False)
    """A few rows of each problem, in the order of `problems`."""
    row_problems: tuple[RowProblem, ...] = field(repr=False)
    """What is wrong with the rows that were rejected: the first `MAX_SHOWN`."""
    numbering: Numbering | None = field(repr=False)
    """Where a spreadsheet shows the rows; None for files of other kinds."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON: everything but what shows cells of rows; messages are not in words yet."""
        names = (each.name for each in fields(self) if each.name not in _NOT_KEPT)
        return {name: stored(getattr(self, name)) for name in names}


_WARNED: Final = "SELECT count(DISTINCT row_number) FROM problem WHERE severity = 'warning'"
# Longitude and latitude may both be unreadable: that is one row with one problem.
_BY_CODE: Final = "SELECT code, count(DISTINCT row_number) FROM problem GROUP BY code ORDER BY code"


_NO_ACCURACY: Final = Message("accuracy_column_missing")


def _of_accuracy(file: SourceFile) -> tuple[Message, ...]:
    """That points are without the word that coverage asks for, of how good they are."""
    told = file.placed and "position_accuracy_m" not in file.columns.fields
    return (_NO_ACCURACY,) if told else ()


def result_of(
    bench: Workbench,
    state: str,
    counts: dict[str, Any],
    file: SourceFile,
    numbering: Numbering | None,
) -> ImportResult:
    """What became of a file whose rows were counted, with what is written down of its problems."""
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
