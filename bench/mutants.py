"""Which faults the tests catch: one at a time is put into a copy of the program and tried.

    python -m bench.mutants [--seed N] [--faults 150] [--each-s 60]

Faults are sampled evenly over the rooms; each is tried with `-x` against the tests that
`bin/test --changed` picks for its file, those nearest by imports first, until the time for one is
over. Prints a line for each fault, and caught, missed and out of time by room.
"""

import argparse
import ast
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Final

from registry.core.settings import ROOT
from tests.support.changed import concerned_tests, needs

ROOMS: Final = {
    "geo": ("geo",),
    "search": ("registry/search",),
    "intake": ("registry/intake",),
    "lifecycle": ("registry/lifecycle",),
    "access": ("registry/access",),
    "reform": ("registry/reform",),
}
"""Room → folders and names of modules below which faults are put."""
_SWAPPED: Final[dict[type[ast.AST], str]] = {
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Eq: "!=", ast.NotEq: "==",
    ast.In: "not in", ast.NotIn: "in", ast.Is: "is not", ast.IsNot: "is",
    ast.And: "or", ast.Or: "and", ast.Add: "-", ast.Sub: "+",
}  # fmt: skip
_IN_SQL: Final = (
    (r"\bAND\b", "OR"), (r"\bLEFT JOIN\b", "JOIN"), (r" = ", " <> "), (r" < ", " <= "),
    (r" > ", " >= "), (r"\bIS NULL\b", "IS NOT NULL"), (r"\bNOT EXISTS\b", "EXISTS"),
)  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """A part of a file, and what stands in its place."""

    path: str
    start: int
    end: int
    instead: str

    def put(self, text: str) -> str:
        return text[: self.start] + self.instead + text[self.end :]


def faults_of(path: str, text: str) -> Iterator[Fault]:
    """Every fault that can be put into a file of Python or SQL."""
    if path.endswith(".sql"):
        without_comments = re.sub(r"--.*", lambda comment: " " * len(comment[0]), text)
        for pattern, instead in _IN_SQL:
            for found in re.finditer(pattern, without_comments):
                yield Fault(path, *found.span(), instead)
        return
    source = _Source(path, text)
    for node in ast.walk(ast.parse(text)):
        yield from source.faults_at(node)


class _Source:
    """A file of Python, and where its nodes stand in its text."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._text = text
        self._lines = text.splitlines(keepends=True)
        self._begins = [0, *accumulate(len(line) for line in self._lines)]

    def faults_at(self, node: ast.AST) -> Iterator[Fault]:
        match node:
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _SWAPPED:
                yield from self._swapped(left, op, right)
            case ast.BoolOp(op=op, values=[left, right]):
                yield from self._swapped(left, op, right)
            case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
                yield from self._swapped(left, op, right)
            case ast.If(test=test) | ast.IfExp(test=test) | ast.comprehension(ifs=[test]):
                yield self._instead_of(test, f"(not ({ast.unparse(test)}))")
            case ast.Constant(value=int() as value) if not isinstance(value, bool):
                yield self._instead_of(node, str(value + 1))
            case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
                yield self._instead_of(value, "None")

    def _instead_of(self, node: ast.expr, instead: str) -> Fault:
        start = self._place(node.lineno, node.col_offset)
        end = self._place(node.end_lineno, node.end_col_offset)
        return Fault(self._path, start, end, instead)

    def _swapped(self, left: ast.expr, op: ast.AST, right: ast.expr) -> Iterator[Fault]:
        start = self._place(left.end_lineno, left.end_col_offset)
        end = self._place(right.lineno, right.col_offset)
        # Only where nothing but the operator stands there: no parenthesis, no comment.
        if re.fullmatch(r"\s*(\w+ \w+|[^\s()#]+)\s*", self._text[start:end]):
            yield Fault(self._path, start, end, f" {_SWAPPED[type(op)]} ")

    def _place(self, line: int | None, column: int | None) -> int:
        """Lines count from 1, columns in bytes of UTF-8."""
        assert line is not None
        before = self._lines[line - 1].encode()[:column].decode()
        return self._begins[line - 1] + len(before)


def sampled(root: Path, count: int, seed: int) -> list[tuple[str, Fault]]:
    """Room and fault: as many of each room, each as likely as the others of the room."""
    chosen = random.Random(seed)
    found = []
    for room, names in ROOMS.items():
        paths = sorted(
            {path for name in names for begun in root.glob(name)
             for path in ([begun] if begun.is_file() else begun.rglob("*"))
             if path.suffix in (".py", ".sql")}
        )  # fmt: skip
        every = [
            fault
            for path in paths
            for fault in faults_of(str(path.relative_to(root)), path.read_text(encoding="utf-8"))
        ]
        found += [(room, each) for each in chosen.sample(every, count // len(ROOMS))]
    return found


def nearest_first(path: str) -> list[str]:
    """Test files that a change of the path concerns; those that import its module first."""
    module = path.removesuffix(".py").replace("/", ".")
    package = module.rpartition(".")[0]

    def distance(test: str) -> tuple[bool, bool, int]:
        # A test that needs little shows soonest what it thinks of that little.
        asked = needs(ROOT / test) if test.startswith("tests/") else frozenset()
        of_package = any(each.startswith(package) for each in asked)
        return module not in asked, not of_package, len(asked)

    return sorted(concerned_tests([path]), key=distance)


def is_caught(root: Path, tests: list[str], within_s: float) -> bool | None:
    """Whether a test fails; None when none did in time."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "3", "--dist", "loadfile",
               "--no-loadscope-reorder", *tests]  # fmt: skip
    started = subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root), "DIACHISO_SHARED": str(ROOT.parent / "shared")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return started.wait(within_s) != 0
    except subprocess.TimeoutExpired:
        return None
    finally:
        end_all(started)


def end_all(started: subprocess.Popen[bytes]) -> None:
    """End a process and its workers; the cluster of the tests ends with them."""
    if started.poll() is None:
        os.killpg(started.pid, signal.SIGINT)
        try:
            started.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


@contextmanager
def copy_of_head() -> Iterator[Path]:
    """A work tree of the last commit, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder) / "copy"
        subprocess.run(
            ["git", "worktree", "add", "-q", "--detach", root, "HEAD"], cwd=ROOT, check=True
        )
        try:
            yield root
        finally:
            remove = ["git", "worktree", "remove", "--force", root]
            subprocess.run(remove, cwd=ROOT, check=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=37)
    parser.add_argument("--faults", type=int, default=150)
    parser.add_argument("--each-s", type=float, default=60)
    options = parser.parse_args()
    counts: Counter[tuple[str, str]] = Counter()
    with copy_of_head() as root:
        for room, fault in sampled(root, options.faults, options.seed):
            path = root / fault.path
            sound = path.read_text(encoding="utf-8")
            path.write_text(fault.put(sound), encoding="utf-8")
            begun = time.monotonic()
            caught = is_caught(root, nearest_first(fault.path), options.each_s)
            path.write_text(sound, encoding="utf-8")
            verdict = {True: "caught", False: "missed", None: "out of time"}[caught]
            counts[room, verdict] += 1
            line = sound.count("\n", 0, fault.start) + 1
            what = f"{sound[fault.start : fault.end]!r} -> {fault.instead!r}"
            took = time.monotonic() - begun
            print(f"{verdict:11} {took:5.1f} s {fault.path}:{line} {what[:120]}", flush=True)
    print(f"seed {options.seed}")
    for room in ROOMS:
        told = {each: counts[room, each] for each in ("caught", "missed", "out of time")}
        print(f"{room:10} " + ", ".join(f"{number} {each}" for each, number in told.items()))


if __name__ == "__main__":
    main()
