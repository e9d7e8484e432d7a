"""A workbook as it is written: texts as texts, and what cannot be written an OSError."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class _Output(io.FileIO):
    """A file whose first failure is kept and told at the end.

    The library wraps it in an error of its own, and leaves an archive behind that complains once
    more when it is cleared away.
    """

    failed: OSError | None = None

    def write(self, data: Any) -> int:
        """How much was taken: all of it, also where it is lost."""
        if self.failed is None:
            try:
                return super().write(data)
            except OSError as error:
                self.failed = error
        return len(data)


@contextmanager
def new_workbook(path: Path, *, row_by_row: bool = False) -> Iterator[Any]:
    """An empty workbook, which is in `path` after the block; `row_by_row` keeps no row in memory.

    A text that looks like a formula, a link or a number is a text. Raises OSError where the file
    cannot be written.
    """
    import xlsxwriter  # a tenth of a second to load, for this alone
    from xlsxwriter.exceptions import FileCreateError

    as_text = {"strings_to_formulas": False, "strings_to_urls": False}
    options = as_text | {"constant_memory": row_by_row}
    with _Output(path, "wb") as output:
        try:
            with io.BufferedWriter(output) as stream, xlsxwriter.Workbook(stream, options) as book:
                yield book
        except FileCreateError as error:  # of its own files, in the folder of temporary ones
            raise error.args[0] from error
        if output.failed is not None:
            raise output.failed
