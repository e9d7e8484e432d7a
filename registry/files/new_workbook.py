"""Write workbooks: cells are text unless stated otherwise, and write errors are OSError."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class _Output(io.FileIO):
    """A file that keeps its first write error, to be raised at the end.

    xlsxwriter wraps the error in one of its own, and leaves an archive behind that raises again
    when it is collected.
    """

    failed: OSError | None = None

    def write(self, data: Any) -> int:
        """The number of bytes written; all of `data` after a failure, although it is lost."""
        if self.failed is None:
            try:
                return super().write(data)
            except OSError as error:
                self.failed = error
        return len(data)


@contextmanager
def new_workbook(path: Path, *, row_by_row: bool = False) -> Iterator[Any]:
    """An empty workbook, saved to `path` when the block ends.

    `row_by_row` keeps no row in memory. Text that looks like a formula, a link or a number stays
    text. Raises OSError if the file cannot be written.
    """
    import xlsxwriter  # takes 0.1 s to load and is used only here
    from xlsxwriter.exceptions import FileCreateError

    as_text = {"strings_to_formulas": False, "strings_to_urls": False}
    options = as_text | {"constant_memory": row_by_row}
    with _Output(path, "wb") as output:
        try:
            with io.BufferedWriter(output) as stream, xlsxwriter.Workbook(stream, options) as book:
                yield book
        except FileCreateError as error:  # raised for its own temporary files
            raise error.args[0] from error
        if output.failed is not None:
            raise output.failed
