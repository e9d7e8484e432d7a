"""Files that are written appear when they are whole, whatever ends the process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from registry.core.settings import ROOT
from registry.files.whole_file import whole_file

PROGRAM = """
import os, signal, sys
from pathlib import Path
from registry.files.whole_file import whole_file
from scripts.progress import counting

path, how, by_name = Path(sys.argv[1]), signal.Signals[sys.argv[2]], sys.argv[3] == "named"
with counting("rows") as count, whole_file(path, by_name=by_name) as part:
    part.write_bytes(b"half")
    count(1)
    os.kill(os.getpid(), how)
"""


def test_pipe_receives_the_output_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR)
    for by_name in (False, True):
        with whole_file(pipe, by_name=by_name) as part:
            part.write_bytes(b"half")
        assert os.read(reader, 9) == b"half"
    os.close(reader)
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]


@pytest.mark.parametrize("by_name", [False, True])
def test_file_appears_only_when_complete(tmp_path: Path, by_name: bool) -> None:
    path = tmp_path / "a.csv"
    for content in (b"one", b"two"):
        with whole_file(path, by_name=by_name) as part:
            part.write_bytes(content)
            assert not path.exists() or path.read_bytes() == b"one"
    assert path.read_bytes() == b"two"
    with pytest.raises(FileNotFoundError), whole_file(path, by_name=by_name) as part:
        part.write_bytes((tmp_path / "none").read_bytes())
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("a.csv", b"two")]
    with pytest.raises(IsADirectoryError), whole_file(Path(), by_name=by_name):
        pass


@pytest.mark.parametrize(
    ("how", "by_name"),
    [("SIGKILL", ""), ("SIGTERM", ""), ("SIGTERM", "named"), ("SIGHUP", "named")],
)
def test_killed_process_leaves_no_file(tmp_path: Path, how: str, by_name: str) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "a.csv"), how, by_name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert done.returncode != 0
    assert list(tmp_path.iterdir()) == []


def test_leftovers_of_a_killed_process_are_removed_by_the_next(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "a.gpkg"), "SIGKILL", "named"]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    assert list(tmp_path.iterdir()) != []
    with whole_file(tmp_path / "b.gpkg", by_name=True) as part:
        part.write_bytes(b"whole")
        # Not that of a process that still writes.
        with whole_file(tmp_path / "c.csv") as other:
            other.write_bytes(b"other")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.gpkg", "c.csv"]


@pytest.mark.parametrize("by_name", [False, True])
def test_file_has_the_rights_of_a_new_one(tmp_path: Path, by_name: bool) -> None:
    (tmp_path / "plain").touch()
    with whole_file(tmp_path / "a.csv", by_name=by_name) as part:
        part.write_bytes(b"whole")
    assert (tmp_path / "a.csv").stat().st_mode == (tmp_path / "plain").stat().st_mode
