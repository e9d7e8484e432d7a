"""The program uses nothing that its oldest Python lacks, whatever Python runs the tests.

The syntax is judged by ruff, of which the gate runs all.
"""

import re
import subprocess
import sys
from pathlib import Path

from registry.core.settings import ROOT

OLDEST = (3, 11)
NEEDS = re.compile(r"^(.+):(\d+):\d*:[^:]*:~?(3)\.(\d+):(.+)$", re.MULTILINE)


def too_new(*paths: Path) -> list[str]:
    """Lines that need a later Python, by vermin."""
    command = [Path(sys.executable).with_name("vermin"), "--no-tips", "--format", "parsable"]
    found = subprocess.run([*command, *paths], capture_output=True, text=True, check=False)
    assert str(paths[0]) in found.stdout, found.stderr
    return [
        f"{path}:{line}: {what} needs {major}.{minor}"
        for path, line, major, minor, what in NEEDS.findall(found.stdout)
        if (int(major), int(minor)) > OLDEST
    ]


def test_program_runs_on_its_oldest_python() -> None:
    assert f"python_requires = >={OLDEST[0]}.{OLDEST[1]}," in (ROOT / "setup.cfg").read_text()
    folders = ("geo", "registry", "api", "scripts", "migrations", "deploy")
    assert too_new(*(ROOT / each for each in folders)) == []


def test_check_finds_too_new_features(tmp_path: Path) -> None:
    file = tmp_path / "new.py"
    file.write_text("import itertools\n\nitertools.batched([], 2)\n", encoding="utf-8")
    (found,) = too_new(file)
    assert found == f"{file}:3: 'itertools.batched' member needs 3.12"
