"""Load a file into DuckDB: its rows, and each spelling once."""

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from geo.text import fold
from registry.files.spellings.returned import NO_HOUSE
from registry.intake.columns.ahead import ahead
from registry.intake.columns.cells import Cells, cells_in_blocks
from registry.intake.columns.reader import SourceFile
from registry.intake.engine import MANY, Workbench
from registry.intake.staged.counts import counts_of
from registry.intake.staged.resolve import FIELDS_READ, PARTS, Resolver
from registry.intake.staged.resolved import Resolved, Row

Progress = Callable[[int], None]

CONTENTS: Final = (
    *("points", "references", "unreferenced", "uses", "buildings", "namesakes", "formers"),
)
"""Facts about a file, for the needs of steps: rows with coordinates, with and without a reference,
with uses, of buildings; names shared by several communes, and names of former communes."""
_FEW: Final = 2_000
"""Below this number of rows, any join order is faster than searching the best one."""
_HOUSEHOLDS: Final = FIELDS_READ.index("households_count")


def stage(
    bench: Workbench, file: SourceFile, resolver: Resolver, salt: str, progress: Progress
) -> None:
    """Load the file into `delivered`, and the parts it names into the tables of parts.

    `overlong` and `repeated` get the numbers of rows with more cells than headers, and with a
    reference of an earlier row. `progress` is called with the count of rows. `salt` is part of each
    row's hash. Raises UnreadableFileError if the text is broken further down.
    """
    bench.run("staged/delivered_table.sql")
    fresh: dict[str, list[pa.Table]] = defaultdict(list)

    def rows(made: Iterable[_Block]) -> Iterator[pa.RecordBatch]:
        for block in made:
            yield from block.rows.to_batches()
            for name, part in block.parts.items():
                fresh[name].append(part)
            progress(block.count)

    try:
        fields = (*FIELDS_READ, "visit_result", "kind")
        with (
            cells_in_blocks(file, fields) as blocks,
            closing(ahead(_read(resolver, blocks))) as made,
        ):
            bench.append("delivered", rows(made), "staged/delivered.sql", salt=salt)
    finally:
        resolver.close()
    fresh["commune"] = [_part("commune", resolver.take_communes())]
    for name, schema in PARTS.items():
        bench.make(name, pa.concat_tables(fresh[name] or [schema.empty_table()]))
    bench.make("overlong", pa.table({"row_number": pa.array(file.overlong, pa.int64())}))
    count, *contents = bench.rows("staged/contents.sql")[0]
    bench.state(many=count >= MANY, few=count < _FEW, **dict(zip(CONTENTS, contents, strict=True)))
    bench.run("staged/planned.sql")
    bench.run("staged/repeated.sql")
    bench.run("staged/packed.sql")


def _part(name: str, rows: Sequence[Row]) -> pa.Table:
    """Rows of a table of parts."""
    schema = PARTS[name]
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    arrays = [pa.array(column, kind) for column, kind in zip(columns, schema.types, strict=True)]
    return pa.table(arrays, schema=schema)


@dataclass(frozen=True, slots=True)
class _Block:
    """Some rows of a file."""

    rows: pa.Table
    """Their cells and resolved parts."""
    parts: dict[str, pa.Table]
    """New rows of the tables of parts."""
    count: int
    """Number of rows of the file up to here."""


def _read(resolver: Resolver, blocks: Iterable[Cells]) -> Iterator[_Block]:
    """The blocks of a file; the next one is read meanwhile."""
    reading: deque[Callable[[], _Block]] = deque()
    count = 0
    for *cells, visits, kinds in blocks:
        started = resolver.begin(cells)
        reading.append(partial(_block, resolver, cells, visits, kinds, started, count))
        count += len(visits)
        if len(reading) > 1:
            yield reading.popleft()()
    yield from (block() for block in reading)


def _block(
    resolver: Resolver,
    cells: Cells,
    visits: pa.StringArray,
    kinds: pa.StringArray,
    resolved: Callable[[], Resolved],
    before: int,
) -> _Block:
    count = before + len(visits)
    columns = {
        "row_number": pa.array(np.arange(before + 1, count + 1)),
        **dict(zip(FIELDS_READ, cells, strict=True)),
        "households": counts_of(cells[_HOUSEHOLDS]),
        "no_house": _have_no_house(visits),
        "is_building": pc.equal(kinds, "building"),
        **resolved().columns(),
    }
    parts = {name: _part(name, rows) for name, rows in resolver.take_parts().items() if rows}
    return _Block(pa.table(columns), parts, count)


def _have_no_house(visits: pa.StringArray) -> pa.BooleanArray:
    encoded = visits.dictionary_encode()
    found = [fold(spelling) in NO_HOUSE for spelling in encoded.dictionary.to_pylist()]
    return pa.array(found, pa.bool_()).take(encoded.indices)
