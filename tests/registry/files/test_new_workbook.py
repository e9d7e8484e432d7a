"""Writing workbooks."""

import errno
import subprocess
import sys
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from registry.core.settings import ROOT
from registry.files.new_workbook import new_workbook

# In a process of its own: the library leaves files open that it could not write.
NO_ROOM = """
import resource, sys
from pathlib import Path
from registry.files.new_workbook import new_workbook
resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1))
try:
    with new_workbook(Path(sys.argv[1]), row_by_row=True) as book:
        book.add_worksheet().write(0, 0, "x")
except OSError as error:
    print(type(error).__name__, error.errno)
"""


@pytest.mark.parametrize("row_by_row", [False, True])
def test_full_disk_is_an_error_of_the_file(row_by_row: bool) -> None:
    with (
        pytest.raises(OSError, match="No space left") as raised,
        new_workbook(Path("/dev/full"), row_by_row=row_by_row) as book,
    ):
        book.add_worksheet().write(0, 0, "x" * 10_000)
    assert raised.value.errno == errno.ENOSPC


def test_full_disk_for_temporary_files_of_the_library_is_an_error(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", NO_ROOM, str(tmp_path / "a.xlsx")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"OSError {errno.EFBIG}\n"


def test_missing_folder_is_an_error_of_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), new_workbook(tmp_path / "none" / "a.xlsx"):
        pass


@pytest.mark.parametrize("written", ["=1+1", "=HYPERLINK(0)", "https://diachi.vn", "3/2", "12"])
def test_text_cell_stays_text_whatever_it_looks_like(tmp_path: Path, written: str) -> None:
    path = tmp_path / "a.xlsx"
    with new_workbook(path) as book:
        book.add_worksheet().write_column(0, 0, [written])
    assert CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python() == [[written]]
