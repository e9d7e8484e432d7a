"""Statements in files: each is one that the schema takes, and that some module uses."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

import psycopg
import pytest
from psycopg import ClientCursor

from registry.core.batching import Bulk
from registry.core.settings import ROOT
from registry.core.sql import FRAGMENT, Statements, parted, sections
from registry.intake.matching import identifiers
from registry.intake.publishing.publish import HANDED
from registry.intake.row_reports import VANISHED_REF
from registry.units.seeds import FILES as FILES_OF_SEEDS

_OPENS: Final = re.compile(
    r"^SQL: Final = Statements\(|^from registry\S* import (?:\([^)]*|[^(\n]*)\bSQL\b", re.MULTILINE
)
_EXPLAINED: Final = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "(", "CREATE TEMPORARY TABLE")
_WHERE: Final = re.compile(r"^-- where (.+)$", re.MULTILINE)
_BY: Final = re.compile(r"^-- by (.+)$", re.MULTILINE)
_INPUT: Final = re.compile(r"%\((\w+)\)s")


class _Module(NamedTuple):
    path: Path
    sql: Statements
    named: frozenset[str]
    """Texts that stand in it."""
    asked: frozenset[str]
    """Those that it asks its statements for."""
    elsewhere: frozenset[str]
    """Statements of another database, and those whose pieces are not known before they run."""


def _modules() -> Iterator[_Module]:
    for path in sorted((ROOT / "registry").rglob("*.py")):
        written = path.read_text(encoding="utf-8")
        if _OPENS.search(written):
            tree = ast.parse(written)
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            yield _Module(
                path,
                import_module(name.removesuffix(".__init__")).SQL,
                frozenset(_texts(tree)),
                frozenset(_asked(tree, "SQL.text", "SQL.driver", "SQL.script")),
                frozenset(_asked(tree, "SQL.written", "Statements(")),
            )


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _asked(tree: ast.AST, *ways: str) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute() as way, args=[ast.Constant(str(name)), *_]):
                if ast.unparse(way).startswith(ways):
                    yield name


MODULES: Final = list(_modules())
FILES: Final = sorted({module.sql.path for module in MODULES})
_SHARED: Final = ROOT / "registry" / "core" / "shared.sql"


_FILLED_IN: Final = {
    found[1] for module in MODULES for text in module.named for found in FRAGMENT.finditer(text)
}
"""What stands in the columns that modules hand over."""


def _conditions(section: str, line: re.Pattern[str] = _WHERE) -> list[str]:
    """Conditions that a statement may be given; of `_BY`, what it differs by."""
    return [each for found in line.finditer(section) for each in found[1].split(", ")]


def _ways(section: str) -> Iterator[tuple[str, ...]]:
    """Variants of a statement: each of its conditions, all, and none."""
    conditions = _conditions(section)
    for by in product(*(each.split(", ") for each in _BY.findall(section))):
        yield by
        for each in conditions:
            yield (*by, each)
        if conditions[1:]:
            yield (*by, *conditions)


def _included(path: Path) -> set[str]:
    """Sections that stand inside of others."""
    written = path.read_text(encoding="utf-8")
    return {found[1] for found in FRAGMENT.finditer(written)} | {
        *_conditions(written),
        *_conditions(written, _BY),
    }


def _named_by(path: Path) -> dict[str, Statements]:
    """Statements of the file that modules name, in its order."""
    users = [module for module in MODULES if module.sql.path == path]
    inside = _included(path)
    return {
        name: module.sql
        for name in sections(path)
        for module in users
        if name in module.asked or name in module.named - inside - module.elsewhere
    }


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "registry")))
def test_every_section_of_a_file_is_used(path: Path) -> None:
    elsewhere = set().union(*(each.elsewhere for each in MODULES if each.sql.path == path))
    left = sections(path).keys() - _named_by(path).keys() - _included(path) - _FILLED_IN
    assert left - elsewhere == set()


@pytest.mark.parametrize("path", [*FILES, _SHARED], ids=lambda path: path.stem)
def test_section_names_are_unique_within_a_file(path: Path) -> None:
    assert len(re.findall(r"(?m)^-- \w+ --$", path.read_text(encoding="utf-8"))) == len(
        sections(path)
    )


def test_every_shared_fragment_is_used() -> None:
    included = set().union(*map(_included, (*FILES, _SHARED)))
    for path in (ROOT / "registry").rglob("*.py"):
        written = path.read_text(encoding="utf-8")
        if "SHARED." in written:
            included.update(_asked(ast.parse(written), "SHARED."))
    assert sections(_SHARED).keys() - included - _FILLED_IN == set()


@pytest.mark.parametrize(
    "module", MODULES, ids=lambda module: str(module.path.relative_to(ROOT / "registry"))
)
def test_module_uses_only_sections_of_its_file(module: _Module) -> None:
    asked = module.asked | module.elsewhere
    assert asked - sections(module.sql.path).keys() == set()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT / "registry")))
def test_every_statement_is_valid_for_the_schema(path: Path, database_url: str) -> None:
    refused = {}
    with (
        psycopg.connect(database_url) as connection,
        connection.transaction(force_rollback=True),
    ):
        for statement in _BESIDE.get(str(path.relative_to(ROOT / "registry")), ()):
            connection.execute(statement.encode())
        if before := _AFTER.get(str(path.relative_to(ROOT / "registry"))):
            for name, sql in _named_by(ROOT / "registry" / before).items():
                _try(connection, sql.driver(name))
        for name, sql in _named_by(path).items():
            for given in _ways(sections(path)[name]):
                try:
                    with connection.transaction():
                        _try(connection, sql.driver(name, *given))
                except psycopg.Error as error:
                    refused[name, given] = str(error)
    assert refused == {}


def test_every_form_of_a_search_statement_is_valid(database_url: str) -> None:
    refused = {}
    with psycopg.connect(database_url) as connection:
        for name, bulk in _bulks():
            for form in (bulk.line_alone, bulk.one, bulk.many):
                try:
                    with connection.transaction():
                        _try(connection, form)
                except psycopg.Error as error:
                    refused[name, form] = str(error)
    assert refused == {}


def _bulks() -> Iterator[tuple[str, Bulk]]:
    for module in MODULES:
        name = ".".join(module.path.relative_to(ROOT).with_suffix("").parts)
        for constant, value in vars(import_module(name.removesuffix(".__init__"))).items():
            for each in value.values() if isinstance(value, dict) else [value]:
                if isinstance(each, Bulk):
                    yield f"{name}.{constant}", each


_BESIDE: Final = {
    "units/seeds.sql": [
        f"CREATE TEMPORARY TABLE seed_{name} ({columns.replace(',', ' text,')} text)"
        for name, columns in FILES_OF_SEEDS.items()
    ],
    "intake/publishing/publish.sql": [
        f"CREATE TEMPORARY TABLE {name} ({columns})" for name, columns in HANDED.items()
    ],
    "intake/matching/identifiers.sql": [
        f"CREATE TEMPORARY TABLE {name} ({columns})" for name, columns in identifiers.HANDED.items()
    ],
    "intake/row_reports.sql": [f"CREATE TEMPORARY TABLE vanished_ref ({VANISHED_REF})"],
    "ops/transfer/reading.sql": [
        "CREATE TEMPORARY TABLE part (code text, since timestamptz, until timestamptz)"
    ],
}
"""File → temporary tables that Python makes for its statements."""

_AFTER: Final = {
    f"reform/{name}.sql": "reform/settling.sql"
    for name in ("queries", "carrying", "report", "work_file")
} | {
    f"{name}.sql": "core/undo.sql"
    for name in ("intake/publishing/rollback", "lifecycle/undo", "reform/undo")
}
"""File → another one, whose temporary tables its statements read."""


def _try(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    """Have it planned, whatever its inputs; a table that later ones read is made, of no inputs."""
    for each in [statement] if statement.startswith("DO ") else parted(statement):
        _try_one(connection, each)


def _try_one(connection: psycopg.Connection[tuple[object, ...]], statement: str) -> None:
    names: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return names.setdefault(found[1], f"${len(names) + 1}")

    numbered = _INPUT.sub(number, statement).replace("%%", "%")
    if made := re.match(r"CREATE TEMPORARY TABLE (\w+)", numbered):
        connection.execute(f"DROP TABLE IF EXISTS pg_temp.{made[1]}".encode())
    if numbered.startswith(_EXPLAINED) and not re.match(r"CREATE TEMPORARY TABLE \w+ \(", numbered):
        connection.execute(f"EXPLAIN (GENERIC_PLAN) {numbered}".encode())
    if not numbered.startswith(_EXPLAINED[:-1]):
        with ClientCursor(connection) as cursor:
            cursor.execute(statement.encode(), dict.fromkeys(names))


def test_section_is_included_with_the_given_parameters(tmp_path: Path) -> None:
    file = tmp_path / "doors.sql"
    file.write_text(
        "-- doors --\n-- Comments stay behind: no input.\nSELECT {what} FROM household h\n"
        "  -- nor this one\nWHERE {open} AND h.code LIKE :code || '%' AND"
        " h.unit_id = ANY ({units})\n"
        "\n-- count --\n-- with what: count(*)\n-- with units: CAST(:units AS int[])\n{doors}\n"
        "\n-- open --\nNOT h.restricted\n\n-- coded --\nh.code = :code\n"
        "\n-- moved --\n-- by street, locality\n-- where open\n"
        "UPDATE household h SET {column} = :into WHERE h.{column} = :id AND {where}\n"
        "\n-- street --\n-- with column: street_id\n"
        "\n-- some --\n-- where open, coded\nSELECT code FROM household h WHERE {where}\n",
        encoding="utf-8",
    )
    sql = Statements(str(tmp_path / "doors.py"), what="h.code")
    head = "SELECT count(*) FROM household h\nWHERE NOT h.restricted AND h.code LIKE "
    assert (
        str(sql.text("count")) == f"{head}:code || '%' AND h.unit_id = ANY (CAST(:units AS int[]))"
    )
    assert sql.driver("count") == (
        f"{head}%(code)s || '%%' AND h.unit_id = ANY (CAST(%(units)s AS int[]))"
    )
    assert str(sql.text("some", "open", "coded")) == (
        "SELECT code FROM household h WHERE (NOT h.restricted) AND (h.code = :code)"
    )
    assert str(sql.text("some")) == "SELECT code FROM household h WHERE true"
    assert str(sql.text("moved", "street", "open")) == (
        "UPDATE household h SET street_id = :into WHERE h.street_id = :id AND (NOT h.restricted)"
    )
    with pytest.raises(KeyError, match="units"):
        sql.text("doors")
