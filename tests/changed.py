"""Which test files a change concerns, by the graph of imports.

A test file concerns what it imports, itself or through `tests.support` and the fixtures that it
asks for, and whatever that imports. A file of data (SQL, CSV, a template) belongs to the module of
its name, or else to those beside it; one that no module stands beside belongs to the tests that
name it or its folder.
"""

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Final

import grimp

from registry.core.settings import ROOT

PACKAGES: Final = ("geo", "registry", "api", "scripts", "deploy")
_EVERYTHING: Final = ("migrations/", "requirements.lock", "setup.cfg", "tests/conftest.py")
"""Beginnings of paths that concern every test."""


def changed_files(since: str) -> set[str]:
    """Paths that differ from the commit `since`, those that Git does not know yet too."""
    found = ["git", "diff", "--name-only", "--no-renames", since]
    untracked = ["git", "ls-files", "--others", "--exclude-standard"]
    return set(_lines(found)) | set(_lines(untracked))


def concerned_tests(paths: Iterable[str]) -> list[str]:
    """Test files, and modules with doctests, that a change of these paths concerns."""
    paths = set(paths)
    if any(path.startswith(_EVERYTHING) for path in paths):
        return ["tests", *PACKAGES[:-1]]
    graph = _imports()
    touched = {module for path in paths for module in _modules_of(path, graph.modules)}
    concerned = touched.union(*(graph.find_downstream_modules(module) for module in touched))
    touched_tests = {_module(path) for path in paths if path.startswith("tests/")}
    named = {Path(path).name for path in paths}
    named |= {f'"{folder}"' for path in paths if (folder := Path(path).parts[0]) not in PACKAGES}
    named |= {f'"{Path(path).stem}"' for path in paths if path.startswith("tests/vectors/")}
    found = {path for path in paths if _is_test(path) and (ROOT / path).is_file()}
    for path in (ROOT / "tests").rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        if needs(path) & (concerned | touched_tests) or any(name in text for name in named):
            found.add(_relative(path))
    doctests = {_relative(_file(module)) for module in touched & _with_doctests()}
    stems = {Path(path).stem for path in paths}
    # Tests named after a changed module come first: they fail soonest.
    return sorted(
        found | doctests, key=lambda path: (not any(stem in path for stem in stems), path)
    )


@cache
def _imports() -> grimp.ImportGraph:
    return grimp.build_graph(*PACKAGES)


@cache
def needs(path: Path) -> frozenset[str]:
    """Modules that a file below `tests` imports, itself or through others below it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set(_imported(tree))
    asked = {arg.arg for each in ast.walk(tree) if isinstance(each, ast.FunctionDef)
             for arg in each.args.args}  # fmt: skip
    for conftest in _conftests(path):
        found |= _of_fixtures(conftest, asked)
    for module in list(found):
        if module.startswith("tests.") and (inner := _file(module)).is_file() and inner != path:
            found |= needs(inner)
    return frozenset(found)


def _of_fixtures(conftest: Path, asked: set[str]) -> set[str]:
    """The imports of the requested fixtures; adds the fixtures that these request to `asked`."""
    tree = ast.parse(conftest.read_text(encoding="utf-8"))
    of_name = {
        alias.asname or alias.name: {node.module, f"{node.module}.{alias.name}"}
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    fixtures = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    found: set[str] = set()
    left = [fixtures[name] for name in asked & fixtures.keys()]
    while left:
        fixture = left.pop()
        names = {node.id for node in ast.walk(fixture) if isinstance(node, ast.Name)}
        found = found.union(*(of_name[name] for name in names & of_name.keys()))
        more = {arg.arg for arg in fixture.args.args} - asked
        asked |= more
        left += [fixtures[name] for name in more & fixtures.keys()]
    return found


def _conftests(path: Path) -> Iterator[Path]:
    for folder in path.parents:
        if (conftest := folder / "conftest.py").is_file():
            yield conftest
        if folder == ROOT / "tests":
            return


def _imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _modules_of(path: str, known: set[str]) -> set[str]:
    """The module at the path or with its name; else those beside a data file."""
    if path.endswith(".py"):
        return {_module(path)} & known
    if (own := _module(Path(path).with_suffix(".py"))) in known:
        return {own}
    for folder in Path(path).parents[:-1]:
        package = ".".join(folder.parts)
        beside = {each for each in known if each.rpartition(".")[0] == package} | {package}
        if beside & known:
            return beside & known
    return set()


@cache
def _with_doctests() -> frozenset[str]:
    files = (path for name in PACKAGES[:-1] for path in (ROOT / name).rglob("*.py"))
    return frozenset(_module(path) for path in files if ">>> " in path.read_text(encoding="utf-8"))


def _module(path: str | Path) -> str:
    parts = Path(_relative(Path(path))).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _file(module: str) -> Path:
    path = ROOT.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT) if path.is_absolute() else path)


def _is_test(path: str) -> bool:
    return path.startswith("tests/") and Path(path).name.startswith("test_")


def _lines(command: list[str]) -> list[str]:
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()


if __name__ == "__main__":
    sys.stdout.write("".join(f"{path}\n" for path in concerned_tests(changed_files(sys.argv[1]))))
