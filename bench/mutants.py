"""Which faults the tests catch: one at a time is put into a copy of the program and tried.

    python -m bench.mutants [--seed N] [--faults 150] [--each-s 20] [--at REF] [--out FILE]

Faults are sampled evenly over the rooms. The gate runs once and notes which tests run the lines
of each; a fault is tried with `-x` against these, those first that bear its name or run the least
of the program, on the cluster and templates of that first run. Prints a line for each fault, and
caught, missed and out of time by room; at last, the tests that caught one run without any. --at
takes another commit than HEAD. Needs Python 3.12.

--each-s is of the processor and for each chunk of test files, so that other work on the machine
decides nothing.
"""

import argparse
import ast
import importlib.util
import json
import math
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from pathlib import Path
from queue import SimpleQueue
from typing import Final

import psycopg
from psycopg import sql

from bench.harness import Bench, Figure, Scenario, processor_s, record, run
from bench.registers import Registers
from registry.core.settings import ROOT
from tests.support.postgis import ask

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


VERDICTS: Final = ("caught", "missed", "out of time")
_FEW: Final = 10
"""Tests that run a line, below which others that run its module are tried as well."""
_CHUNKS: Final = (6, 24, 10_000)
"""Files of tests that are collected together: most faults are caught by the nearest."""
_WAITS: Final = 10
"""Times as long by the clock as of the processor before a test counts as one that hangs."""
_SERVE: Final = """
import sys
from tests.support import postgis
owned = postgis.TestCluster()
desk = postgis.Desk(owned)
print(desk.address, flush=True)
sys.stdin.read()
owned.close()
desk.close()
"""


@dataclass(frozen=True)
class Fault:
    """A part of a file, and what stands in its place."""

    path: str
    start: int
    end: int
    instead: str
    watched: tuple[tuple[str, range], ...]
    """Lines of which a test that can catch it runs one; none where only imports run it."""
    modules: tuple[str, ...]
    """Files with those that run it in other ways."""

    def put(self, text: str) -> str:
        return text[: self.start] + self.instead + text[self.end :]


def faults_of(root: Path, path: str) -> Iterator[Fault]:
    """Every fault that can be put into a file of Python or SQL."""
    text = (root / path).read_text(encoding="utf-8")
    if path.endswith(".py"):
        source = _Source(path, text)
        yield from chain.from_iterable(map(source.faults_at, ast.walk(source.tree)))
        return
    without_comments = re.sub(r"--.*", lambda comment: " " * len(comment[0]), text)
    own = (root / path).with_suffix(".py")
    beside = {
        str(file.relative_to(root)): file.read_text("utf-8").split("\n")
        for file in sorted(own.parent.glob("*.py"))
    }
    modules = (str(own.relative_to(root)),) if own.is_file() else tuple(beside)
    for pattern, instead in _IN_SQL:
        for found in re.finditer(pattern, without_comments):
            section = re.findall(r"^-- (\w+) --$", text[: found.start()], re.MULTILINE)
            watched = tuple(
                (file, range(at, at + 1))
                for file, lines in beside.items()
                for at, line in enumerate(lines, start=1)
                if section and f'"{section[-1]}"' in line
            )
            yield Fault(path, *found.span(), instead, watched, modules)


class _Source:
    """A file of Python, and where its nodes stand in its text."""

    def __init__(self, path: str, text: str) -> None:
        self.tree = ast.parse(text)
        self._path = path
        self._text = text
        self._lines = text.splitlines(keepends=True)
        self._begins = [0, *accumulate(len(line) for line in self._lines)]
        self._statements = dict(_statements(self.tree))

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
        return self._fault(start, end, instead)

    def _swapped(self, left: ast.expr, op: ast.AST, right: ast.expr) -> Iterator[Fault]:
        start = self._place(left.end_lineno, left.end_col_offset)
        end = self._place(right.lineno, right.col_offset)
        # Only where nothing but the operator stands there: no parenthesis, no comment.
        if re.fullmatch(r"\s*(\w+ \w+|[^\s()#]+)\s*", self._text[start:end]):
            yield self._fault(start, end, f" {_SWAPPED[type(op)]} ")

    def _fault(self, start: int, end: int, instead: str) -> Fault:
        lines = self._statements.get(self._text.count("\n", 0, start) + 1)
        watched = ((self._path, lines),) if lines else ()
        return Fault(self._path, start, end, instead, watched, (self._path,))

    def _place(self, line: int | None, column: int | None) -> int:
        """Lines count from 1, columns in bytes of UTF-8."""
        assert line is not None
        before = self._lines[line - 1].encode()[:column].decode()
        return self._begins[line - 1] + len(before)


def _statements(tree: ast.AST) -> Iterator[tuple[int, range]]:
    """Line in a function → lines of the statement there, without those that it holds."""
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
    inside = chain.from_iterable(function.body for function in functions)
    for node in chain.from_iterable(map(ast.walk, inside)):
        if isinstance(node, ast.stmt):
            held = [each.lineno for each in ast.walk(node) if isinstance(each, ast.stmt)]
            end = min(
                (line for line in held if line > node.lineno), default=(node.end_lineno or 0) + 1
            )
            lines = range(node.lineno, end)
            yield from ((line, lines) for line in lines)


def sampled(root: Path, count: int, seed: int) -> list[tuple[str, Fault]]:
    """Room and fault: as many of each room, each as likely as the others of the room."""
    chosen = random.Random(seed)
    found = []
    for room, names in ROOMS.items():
        paths = sorted(
            {path for name in names for one in root.glob(name)
             for path in ([one] if one.is_file() else one.rglob("*"))
             if path.suffix in (".py", ".sql")}
        )  # fmt: skip
        every = [fault for path in paths for fault in faults_of(root, str(path.relative_to(root)))]
        found += [(room, each) for each in chosen.sample(every, count // len(ROOMS))]
    return found


class Cluster:
    """PostGIS for the tests of a copy, and the templates that they make; ends with this program."""

    def __init__(self, root: Path) -> None:
        self._served = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._served.stdout
        self.desk = self._served.stdout.readline().strip()

    def close(self) -> None:
        self._served.communicate()

    def drop_databases(self, worker: str) -> None:
        """What was left by tests that were killed."""
        with psycopg.connect(ask(self.desk), autocommit=True) as connection:
            like = f"%\\_{worker}%"
            known = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [like]
            )
            for (name,) in known.fetchall():
                connection.execute(
                    sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
                )

    def pytest(
        self, root: Path, within_s: float, *arguments: str, **environment: str
    ) -> tuple[int | None, str]:
        """Exit status, none when time was over, and what it printed."""
        command = [sys.executable, "-m", "pytest", "-q", "-p", "fault_plugin", "-p",
                   "no:cacheprovider", *arguments]  # fmt: skip
        # Every process would compile every module anew.
        given = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        ours = {
            "PYTHONPATH": f"{root}:{ROOT / 'bench'}",
            "DIACHISO_SHARED": os.environ.get("DIACHISO_SHARED", str(ROOT.parent / "shared")),
            "FAULTS_DESK": self.desk,
        }
        with tempfile.TemporaryFile("w+") as printed:
            started = subprocess.Popen(
                command,
                cwd=root,
                env={**given, **ours, **environment},
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            try:
                status = waited(started, within_s)
            finally:
                end_all(started)
            printed.seek(0)
            return status, printed.read()


def waited(started: subprocess.Popen[bytes], within_s: float) -> int | None:
    """Exit status; none where it takes more of the processor, or waits for long."""
    until = time.monotonic() + _WAITS * within_s
    while started.poll() is None:
        if sum(processor_s(started.pid)) > within_s or time.monotonic() > until:
            return None
        time.sleep(0.1)
    return started.returncode


def end_all(started: subprocess.Popen[bytes]) -> None:
    """End a process and what it started."""
    if started.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)
        started.wait()


def outcome_of(printed: str) -> str:
    """What failed, and how many did."""
    *lines, last = printed.rstrip().split("\n")
    return "\n".join([*(each for each in lines if each.startswith(("FAILED ", "ERROR "))), last])


class Tests:
    """Which tests run which lines, as the gate found when it ran without a fault."""

    def __init__(self, cluster: Cluster, root: Path, faults: Iterable[Fault], folder: Path) -> None:
        watched: dict[str, list[int]] = defaultdict(list)
        for fault in faults:
            for path in fault.modules:
                watched[path] += ()
            for path, lines in fault.watched:
                watched[path] += lines
        (folder / "watched.json").write_text(json.dumps(watched), encoding="utf-8")
        _, printed = cluster.pytest(
            root, math.inf, "-n", "2", "--dist", "loadfile", FAULTS_NOTES=str(folder)
        )
        print(outcome_of(printed), flush=True)
        self._functions: dict[str, int] = {}
        self._lines: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._files: dict[str, set[str]] = defaultdict(set)
        for notes in folder.glob("*.jsonl"):
            for note in map(json.loads, notes.open(encoding="utf-8")):
                self._functions[note["test"]] = note["functions"]
                for path, line in note["lines"]:
                    self._lines[path, line].add(note["test"])
                for path in note["files"]:
                    self._files[path].add(note["test"])

    def of(self, fault: Fault) -> Iterator[list[str]]:
        """Tests that run a fault, by files of tests, the nearest first."""
        found = {test for path, lines in fault.watched for line in lines
                 for test in self._lines[path, line]}  # fmt: skip
        if len(found) < _FEW:
            found = found.union(*(self._files[path] for path in fault.modules))
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in sorted(found):
            by_file[test.partition("::")[0]].append(test)
        # A test file named like the changed module is meant for it.
        stem = Path(fault.path).stem
        ahead = iter(
            sorted(by_file, key=lambda at: (stem not in at, min(map(self._runs, by_file[at]))))
        )
        for size in _CHUNKS:
            if tests := [test for file in islice(ahead, size) for test in by_file[file]]:
                yield tests

    def _runs(self, test: str) -> int:
        return self._functions[test]


@dataclass
class Trial:
    """Faults tried one after the other in each of several copies."""

    cluster: Cluster
    tests: Tests
    copies: "SimpleQueue[Path]"
    folder: Path
    each_s: float

    def verdict(self, number: int, fault: Fault) -> tuple[str, str]:
        """Print and answer the verdict, and the test that failed."""
        root, started = self.copies.get(), time.monotonic()
        path = root / fault.path
        sound = path.read_text(encoding="utf-8")
        compiled = Path(importlib.util.cache_from_source(str(path)))
        try:
            path.write_text(fault.put(sound), encoding="utf-8")
            # It may have the size of the sound one, and be of the same second.
            compiled.unlink(missing_ok=True)
            verdict, test = self._tried(root, f"fault{number}x", fault)
        finally:
            path.write_text(sound, encoding="utf-8")
            compiled.unlink(missing_ok=True)
            self.copies.put(root)
        line = sound.count("\n", 0, fault.start) + 1
        what = f"{sound[fault.start : fault.end]!r} -> {fault.instead!r}"
        took = time.monotonic() - started
        print(f"{verdict:11} {took:5.1f} s {fault.path}:{line} {what[:120]} {test}", flush=True)
        return verdict, test

    def _tried(self, root: Path, worker: str, fault: Fault) -> tuple[str, str]:
        for tests in self.tests.of(fault):
            status, printed = self.run(root, worker, self.each_s, tests, "-x")
            if status is None:
                return "out of time", ""
            if status not in (0, 5):
                failed = re.search(r"^(?:FAILED|ERROR) (\S+)", printed, re.MULTILINE)
                return "caught", failed[1] if failed else printed[-200:]
        return "missed", ""

    def run(
        self, root: Path, worker: str, within_s: float, tests: list[str], *options: str
    ) -> tuple[int | None, str]:
        listed = self.folder / f"{worker}.txt"
        listed.write_text("\n".join(tests), encoding="utf-8")
        files = dict.fromkeys(test.partition("::")[0] for test in tests)
        status, printed = self.cluster.pytest(
            root, within_s, *options, *files, FAULTS_TESTS=str(listed), FAULTS_WORKER=worker
        )
        self.cluster.drop_databases(worker)
        return status, printed


@contextmanager
def copy_of(ref: str) -> Iterator[Path]:
    """A work tree of a commit, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder).resolve() / "copy"
        subprocess.run(
            ["git", "worktree", "add", "-q", "--detach", str(root), ref], cwd=ROOT, check=True
        )
        try:
            yield root
        finally:
            remove = ["git", "worktree", "remove", "--force", str(root)]
            subprocess.run(remove, cwd=ROOT, check=True)


def tried(options: argparse.Namespace) -> Iterator[Figure]:
    """Print a line for each fault; what became of those of each room."""
    with ExitStack() as stack:
        roots = [stack.enter_context(copy_of(options.at)) for _ in range(options.jobs)]
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mutants-")))
        cluster = Cluster(roots[0])
        stack.callback(cluster.close)
        faults = sampled(roots[0], options.faults, options.seed)
        tests = Tests(cluster, roots[0], (fault for _, fault in faults), folder)
        copies: SimpleQueue[Path] = SimpleQueue()
        for root in roots:
            copies.put(root)
        trial = Trial(cluster, tests, copies, folder, options.each_s)
        pool = ThreadPoolExecutor(len(roots))
        stack.callback(pool.shutdown, cancel_futures=True)
        verdicts = list(pool.map(trial.verdict, range(len(faults)), (each for _, each in faults)))
        counts = Counter(
            (room, verdict) for (room, _), (verdict, _) in zip(faults, verdicts, strict=True)
        )
        failed = sorted({test for _, test in verdicts if test})
        _, printed = trial.run(roots[0], "sound", math.inf, failed)
        print("without a fault:", outcome_of(printed), flush=True)
    for room in ROOMS:
        for verdict in VERDICTS:
            yield Figure(room, counts[room, verdict], "", verdict)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=37)
    parser.add_argument("--faults", type=int, default=150)
    parser.add_argument("--each-s", type=float, default=20)
    parser.add_argument("--jobs", type=int, default=2, help="faults that are tried at a time")
    parser.add_argument("--at", metavar="REF", default="HEAD", help="the commit to try")
    parser.add_argument("--out", type=Path, metavar="FILE", help="put the figures into this JSON")
    options = parser.parse_args()
    at = "" if options.at == "HEAD" else f", at {options.at}"
    summary = f"faults that the tests catch, seed {options.seed}{at}"
    scenario = Scenario("mutants", summary, lambda _bench: tried(options))
    nothing = Bench(Registers(""), households=0, seconds=0, sample=options.faults, show=0)
    measured = list(run(nothing, [scenario]))
    if options.out:
        record(options.out, [{**each, "name": each["name"] + at} for each in measured])


if __name__ == "__main__":
    main()
