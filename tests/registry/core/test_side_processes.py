"""Processes that work for another one end with it, however it ends."""

import os
import select
import subprocess
import sys
from pathlib import Path

MASTER = """
import sys
from multiprocessing import active_children
from operator import add

from registry.core.side_processes import side_processes

if __name__ == "__main__":
    pool = side_processes(2, str)
    assert list(pool.map(add, (1, 2), (3, 4))) == [4, 6]
    print(*(child.pid for child in active_children()), flush=True)
    sys.stdin.read()
"""


def test_side_processes_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "master.py"
    program.write_text(MASTER)
    with subprocess.Popen(
        [sys.executable, program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    ) as master:
        assert master.stdout is not None
        ends = [os.pidfd_open(int(pid)) for pid in master.stdout.readline().split()]
        assert len(ends) == 2
        master.kill()
    ended = {end for end in ends if select.select([end], [], [], 30)[0]}
    assert ended == set(ends)
    for end in ends:
        os.close(end)
