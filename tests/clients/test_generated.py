"""Clients that are generated from /openapi.json: their types hold, and their calls are answered."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from configparser import ConfigParser
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pandas
import polars
import pyarrow
import pytest

from clients import generate
from tests.support.search_world import search_world
from tests.support.serving import serving_here

HAS_JAVA = bool(shutil.which("java"))
HAS_NODE = bool(shutil.which("node")) and (generate.NODE_MODULES / "typescript").is_dir()
needs_node = pytest.mark.skipif(
    not HAS_NODE, reason="needs node, and clients/web/node_modules of the npm registry"
)
needs_java = pytest.mark.skipif(not HAS_JAVA, reason="needs Java")
ADDRESS = "27 Phố Láng, Phường Láng, Hà Nội"
WRITTEN = (ADDRESS, "Phường Láng, Hà Nội", None, "!!!", " ", ADDRESS, "1000-0006", "'; DROP")
# Parts that the generator does not type strictly are excluded from mypy.
MYPY = """
[mypy]
strict = True
[mypy-openapi_client.*]
check_untyped_defs = False
disallow_any_generics = False
disallow_incomplete_defs = False
disallow_untyped_calls = False
disallow_untyped_defs = False
warn_return_any = False
[mypy-with_openapi_generator]
disallow_untyped_calls = False
[mypy-dateutil.*]
ignore_missing_imports = True
"""
# The warning of openapi-generator about every OpenAPI 3.1 document.
ALWAYS_SAID = ("OpenAPI 3.1 support is still in beta", "Failed to get the schema name: null")


@dataclass(frozen=True)
class Shop:
    """A server, and a door of its register."""

    url: str
    code: str


@pytest.fixture(scope="module")
def shop(admin_url: str, worker_id: str) -> Iterator[Shop]:
    with search_world(admin_url, f"shop_{worker_id}") as world, serving_here(world.url) as url:
        yield Shop(url, world.codes["27 Láng"])


@pytest.fixture(scope="module")
def description(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The server's OpenAPI document, from which bin/clients generates the clients."""
    answer = httpx.get(f"{shop.url}/openapi.json").json()
    assert answer == generate.describe()
    path = tmp_path_factory.mktemp("description") / "openapi.json"
    path.write_text(json.dumps(answer), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def python(description: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package of clients/python, complete, and its examples."""
    folder = tmp_path_factory.mktemp("python")
    ours = generate.CLIENTS / "python"
    shutil.copytree(
        ours / "diachiso_client",
        folder / "diachiso_client",
        ignore=shutil.ignore_patterns("generated"),
    )
    shutil.copytree(ours / "examples", folder, dirs_exist_ok=True)
    generate.python_client(description, folder / "diachiso_client")
    return folder


@pytest.fixture(scope="module")
def with_java(python: Path, description: Path) -> Path:
    """The same folder, with the client of openapi-generator."""
    found = find_spec("openapi_generator_cli")
    assert found
    assert found.origin
    jar = Path(found.origin).with_name("openapi-generator.jar")
    made = run(
        *("java", "-jar", jar, "generate", "-i", description, "-g", "python"),
        *("-o", python / "java", "--global-property", "apis,models,supportingFiles"),
    )
    complaints = [line for line in made.splitlines() if " WARN " in line or " ERROR " in line]
    assert [c for c in complaints if not any(each in c for each in ALWAYS_SAID)] == []
    (python / "java" / "openapi_client").rename(python / "openapi_client")
    shutil.rmtree(python / "java")
    return python


@pytest.fixture(scope="module")
def web(description: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The examples of clients/web with what is generated for them, as programs for node."""
    folder = tmp_path_factory.mktemp("web")
    shutil.copytree(generate.CLIENTS / "web" / "examples", folder, dirs_exist_ok=True)
    (folder / "node_modules").symlink_to(generate.NODE_MODULES)
    generate.web_types(description, folder)
    tools = folder / "node_modules"
    done = run(
        *("node", tools / "@hey-api/openapi-ts/bin/run.js", "-i", description),
        *("-o", folder / "generated", "--no-log-file"),
    )
    assert "warn" not in done.lower()
    run(
        *("node", tools / "typescript/bin/tsc", "--strict", "--noUncheckedIndexedAccess"),
        "--skipDefaultLibCheck",
        *("--target", "es2022", "--module", "node16", *sorted(folder.glob("with_*.ts"))),
        cwd=folder,
    )
    return folder


def run(*command: object, cwd: Path | None = None) -> str:
    """Its output; it must succeed."""
    # bin/test keeps a program's folder out of its path; a shop's program finds its client there.
    environment = {
        name: expected for name, expected in os.environ.items() if name != "PYTHONSAFEPATH"
    }
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def answers(shop: Shop) -> dict[str, Any]:
    """What each of the examples prints."""
    return {
        "lookup": "27 Phố Láng, Phường Láng, Thành phố Hà Nội",
        "problem": "code_mistyped",
        "geocode": shop.code,
        "validate": "accept",
        "batch": [[0, "ok"], [1, "invalid_input"]],
        "report": "confirmed",
    }


def test_packages_have_the_same_version_as_the_program() -> None:
    program = ConfigParser()
    program.read(generate.ROOT / "setup.cfg", encoding="utf-8")
    python = tomllib.loads((generate.CLIENTS / "python" / "pyproject.toml").read_text())
    web, js = (
        json.loads((generate.CLIENTS / name / "package.json").read_text()) for name in ("web", "js")
    )
    versions = {python["project"]["version"], web["version"], js["version"]}
    assert versions == {program["metadata"]["version"]}


def test_every_operation_is_generated(python: Path, description: Path) -> None:
    operations = {
        operation["operationId"]
        for item in json.loads(description.read_text())["paths"].values()
        for operation in item.values()
    }
    api = python / "diachiso_client" / "generated" / "api"
    assert {path.stem for path in api.glob("*/*.py")} - {"__init__"} == operations


def test_python_types_check(python: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    parts = ["shop.py", "diachiso_client"]
    if HAS_JAVA:
        request.getfixturevalue("with_java")
        parts += ["with_openapi_generator.py", "openapi_client"]
    (python / "mypy.ini").write_text(MYPY)
    run(sys.executable, "-m", "mypy", f"--cache-dir={tmp_path}", *parts, cwd=python)


def test_python_client_gets_the_expected_answers(python: Path, shop: Shop) -> None:
    done = run(sys.executable, "shop.py", shop.url, shop.code, ADDRESS, cwd=python)
    assert json.loads(done) == answers(shop)


@needs_java
def test_openapi_generator_client_gets_the_expected_answers(with_java: Path, shop: Shop) -> None:
    program = "with_openapi_generator.py"
    done = run(sys.executable, program, shop.url, shop.code, ADDRESS, cwd=with_java)
    assert json.loads(done) == answers(shop)


@needs_node
@pytest.mark.parametrize("program", ["with_openapi_fetch.js", "with_hey_api.js"])
def test_typescript_client_gets_the_expected_answers(web: Path, shop: Shop, program: str) -> None:
    done = run("node", program, shop.url, shop.code, ADDRESS, cwd=web)
    assert json.loads(done) == answers(shop)


# --- columns -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def package(python: Path) -> Iterator[ModuleType]:
    sys.path.insert(0, str(python))
    yield import_module("diachiso_client")
    sys.path.remove(str(python))


@pytest.fixture
def client(package: ModuleType, shop: Shop) -> Iterator[Any]:
    with package.Client(shop.url) as made:
        yield made


@dataclass
class Moody(httpx.BaseTransport):
    """The register, after answers and failures of another kind."""

    first: list[httpx.Response | Exception]
    asked: list[int]

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(len(json.loads(request.content)["rows"]))
        if self.first:
            mood = self.first.pop(0)
            if isinstance(mood, Exception):
                raise mood
            return mood
        with httpx.Client() as client:
            return client.send(request)


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    return httpx.Response(status, json=document(status, code), headers=headers)


def document(status: int, code: str, **members: object) -> dict[str, object]:
    return {"type": "", "title": "", "status": status, "code": code, "detail": "", **members}


def unclear(table: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = table.astype(object).where(table.notna(), None).to_dict("records")
    return rows


KINDS: dict[str, tuple[Callable[[list[Any]], Any], Callable[[Any], list[dict[str, Any]]]]] = {
    "pandas": (lambda column: pandas.Series(column, index=range(7, 7 + len(column))), unclear),
    "polars": (polars.Series, lambda table: table.to_dicts()),
    "pyarrow": (pyarrow.array, lambda table: table.to_pylist()),
    "chunks": (
        lambda column: pyarrow.chunked_array([column[:3], column[3:]]),
        lambda table: table.to_pylist(),
    ),
}


def test_column_is_geocoded_row_by_row(package: ModuleType, client: Any, shop: Shop) -> None:
    rows = package.geocode_column(client, WRITTEN, rows_at_once=2)
    assert [(row["status"], row["level"]) for row in rows] == [
        ("ok", "household"),
        ("ok", "commune"),
        ("empty", None),
        ("nothing_found", None),
        ("empty", None),
        ("ok", "household"),
        ("code_unknown", None),
        ("nothing_found", None),
    ]
    assert rows[0]["code"] == shop.code
    assert (rows[0]["lon"], rows[0]["lat"]) == pytest.approx((105.806, 21.0211))
    assert (rows[1]["commune"], rows[1]["province_code"]) == ("Phường Láng", "01")


@pytest.mark.parametrize("kind", KINDS)
def test_column_of_a_dataframe_gives_a_dataframe(
    package: ModuleType, client: Any, kind: str
) -> None:
    made, rows = KINDS[kind]
    column = made(list(WRITTEN))
    table = package.geocode_column(client, column)
    assert type(table).__module__.partition(".")[0] == type(column).__module__.partition(".")[0]
    assert rows(table) == package.geocode_column(client, WRITTEN)
    if kind == "pandas":
        assert list(table.index) == list(column.index)
    none = package.geocode_column(client, made([None, None]))
    assert [row["status"] for row in rows(none)] == ["empty", "empty"]


def test_client_waits_as_long_as_the_register_asks(
    package: ModuleType, client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("time.sleep", pauses.append)
    spent = document(429, "enumeration_budget", retry_after_s=9)
    moods = [
        problem(429, "too_many_requests", **{"Retry-After": "7"}),
        httpx.ConnectError("not there"),
        httpx.Response(503, text="<html>a proxy</html>"),
        httpx.Response(
            200, json={"rows": [{"result": {"status": "enumeration_budget", "problem": spent}}] * 2}
        ),
    ]
    asked: list[int] = []
    moody = package.Client(shop.url, httpx_args={"transport": Moody(moods, asked)})
    rows = package.geocode_column(moody, WRITTEN, rows_at_once=4)
    assert rows == package.geocode_column(client, WRITTEN)
    assert pauses == [7, 4, 8, 9]
    # Fewer at once where that may have been too many, and no address twice.
    assert asked == [4, 2, 2, 2, 2, 2, 1]


def test_received_answers_are_kept_when_the_register_stops(
    package: ModuleType, client: Any, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    every = package.geocode_column(client, WRITTEN)
    known = {ADDRESS: every[0]}
    asked: list[int] = []
    down = [problem(503, "database_unavailable") for _ in range(3)]
    moody = package.Client(shop.url, httpx_args={"transport": Moody(down, asked)})
    with pytest.raises(package.Unfinished, match="503 database_unavailable") as stopped:
        package.geocode_column(moody, WRITTEN, known=known, attempts=3)
    assert stopped.value.found == known
    assert package.geocode_column(moody, WRITTEN, known=known) == every
    assert asked == [4, 4, 4, 4]
    with (
        package.AuthenticatedClient(shop.url, "no key") as unknown,
        pytest.raises(package.Unfinished, match="401 key_"),
    ):
        package.geocode_column(unknown, WRITTEN)
