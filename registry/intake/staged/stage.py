"""The file's way into DuckDB: its rows, and each spelling once."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa

from geo.text import fold
from registry.intake.columns.ahead import ahead
from registry.intake.columns.cells import Cells, cells_in_blocks
from registry.intake.columns.fields import NO_HOUSE
from registry.intake.columns.reader import SourceFile
from registry.intake.engine import Workbench
from registry.intake.staged.counts import counts_of
from registry.intake.staged.resolve import FIELDS_READ, Resolver
from registry.intake.staged.resolved import Resolved, Row

Progress = Callable[[int], None]

_HOUSEHOLDS: Final = FIELDS_READ.index("households_count")


def stage(
    bench: Workbench, file: SourceFile, resolver: Resolver, salt: str, progress: Progress
) -> None:
    """Bring the file into `delivered`, and what it names into the tables of parts.

    `overlong` and `repeated` hold the numbers of rows with more cells than headers, and with a
    reference that stood in a row before. `progress` hears the count now and then. `salt` is part
    of each row's hash. Raises UnreadableFileError when the text breaks further down.
    """
    bench.run("staged/tables.sql")
    try:
        fields = (*FIELDS_READ, "visit_result")
        with (
            cells_in_blocks(file, fields) as blocks,
            closing(ahead(_read(resolver, blocks))) as made,
        ):
            for block in made:
                bench.append("delivered", block.rows, "staged/delivered.sql", salt=salt)
                for name, fresh in block.parts.items():
                    bench.add(name, fresh)
                progress(block.count)
    finally:
        resolver.close()
    bench.add("commune", resolver.take_communes())
    bench.add("overlong", [(number,) for number in file.overlong])
    bench.run("staged/repeated.sql")


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of a file."""

    rows: pa.Table
    """Their cells, and what these name."""
    parts: dict[str, list[Row]]
    """Rows of the tables of parts that were not there before."""
    count: int
    """Rows of the file up to here."""


def _read(resolver: Resolver, blocks: Iterable[Cells]) -> Iterator[_Block]:
    """The blocks of a file, the next of which is being read meanwhile."""
    reading: deque[Callable[[], _Block]] = deque()
    count = 0
    for *cells, visits in blocks:
        reading.append(partial(_block, resolver, cells, visits, resolver.begin(cells), count))
        count += len(visits)
        if len(reading) > 1:
            yield reading.popleft()()
    yield from (block() for block in reading)


def _block(
    resolver: Resolver,
    cells: Cells,
    visits: pa.StringArray,
    resolved: Callable[[], Resolved],
    before: int,
) -> _Block:
    count = before + len(visits)
    columns = {
        "row_number": pa.array(np.arange(before + 1, count + 1)),
        **dict(zip(FIELDS_READ, cells, strict=True)),
        "households": counts_of(cells[_HOUSEHOLDS]),
        "no_house": _say_no_house(visits),
        **resolved().columns(),
    }
    return _Block(pa.table(columns), resolver.take_parts(), count)


def _say_no_house(visits: pa.StringArray) -> pa.BooleanArray:
    encoded = visits.dictionary_encode()
    said = [fold(spelling) in NO_HOUSE for spelling in encoded.dictionary.to_pylist()]
    return pa.array(said, pa.bool_()).take(encoded.indices)
