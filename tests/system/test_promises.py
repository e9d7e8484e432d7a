"""What holds for the whole project: nothing is offered that no page describes."""

import dataclasses
import importlib
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
from flask import Flask

from api.core import errors as api_errors
from registry.core.settings import ROOT, Settings, variable_of
from scripts.help import english_help
from scripts.reference import commands
from tests.support.web import api_rules

pytestmark = pytest.mark.gate

REFERENCE = ROOT / "docs" / "reference"
API = (REFERENCE / "api.md").read_text(encoding="utf-8")
OPERATIONS = (REFERENCE / "operations.md").read_text(encoding="utf-8")
SETTINGS = (REFERENCE / "settings.md").read_text(encoding="utf-8")
COMMANDS = (REFERENCE / "commands.md").read_text(encoding="utf-8")
PACKAGES = ("geo", "registry", "api", "scripts")
# Places of the machine, in the clear only where a test or a page is about them.
MACHINE_PATH = re.compile(r"/work/|/root/|/home/|(?<![\w.])/tmp/(?!diachiso)")


def is_operation(method: str, path: str) -> bool:
    """Whether it is one of the operations, which docs/reference/operations.md lists."""
    return method == "POST" and path.startswith("/v1/operations/")


def is_member(name: str) -> bool:
    """Whether the page of operations describes a member of this name."""
    return re.search(rf"(^- |All take .*)`{name}`[ :;]", OPERATIONS, re.MULTILINE) is not None


def endpoint_words(name: str) -> str:
    """What the reference says of an endpoint: its paragraph, what all of its subject share, the
    paragraph above where it refers to that, and the lists that it names; empty without one.
    """
    for section in API.split("## Problem codes")[0].split("\n## ")[1:]:
        found = ""
        shared = section.partition("\n\nAll: ")[2].partition("\n")[0]
        for paragraph in section.split("\n\n"):
            above = found if " As above" in paragraph else ""
            lists = re.findall(r"\*(\w+)\*", paragraph)
            named = [re.search(rf"^- \*{each}\*: (.+)$", API, re.MULTILINE) for each in lists]
            found = "\n".join([paragraph, shared, above, *(each[1] for each in named if each)])
            if paragraph.startswith(f"[`{name}`]("):
                return found
    return ""


def test_every_route_stands_in_the_reference(app: Flask) -> None:
    for rule in api_rules(app):
        path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            if is_operation(method, path):
                assert f"\n- **`{rule.rule.rpartition('/')[2]}`**, " in OPERATIONS, path
            else:
                assert endpoint_words(f"{method} {path}"), (method, path)


def test_every_parameter_stands_in_the_reference(app: Flask) -> None:
    document = app.test_client().get("/openapi.json").get_json()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if is_operation(method.upper(), path):
                for name in parameters(document, operation):
                    assert is_member(name), (path, name)
                continue
            section = endpoint_words(f"{method.upper()} {path}")
            for name in parameters(document, operation):
                assert f"`{name}`" in section, (path, name)


def parameters(document: dict[str, Any], operation: dict[str, Any]) -> set[str]:
    """Names in the query and in the bodies."""
    names = {p["name"] for p in operation["parameters"] if p["in"] == "query"}
    for kind in operation.get("requestBody", {"content": {}})["content"].values():
        model = kind["schema"].get("$ref", "").rpartition("/")[2]
        names |= set(document["components"]["schemas"].get(model, {}).get("properties", ()))
    return names


def test_every_error_code_stands_in_the_reference() -> None:
    for error, status in api_errors.STATUS.items():
        assert re.search(rf"^- {status.value}: .*`{error.code}`", API, re.MULTILINE), error.code


def test_every_code_of_a_parameter_stands_in_the_reference(app: Flask) -> None:
    raised = re.compile(r'(?:of_field\(\s*[^,()]+,|invalid_value\()\s*"([a-z0-9_]+)"')
    sources = [*(ROOT / "api").rglob("*.py"), *(ROOT / "registry").rglob("*.py")]
    codes = {
        code
        for source in sources
        if not source.is_relative_to(ROOT / "registry" / "intake")  # no web request comes there
        for code in raised.findall(source.read_text(encoding="utf-8"))
    }
    codes |= {"unknown_parameter", "code_wrong_length", "code_foreign_symbol", "model_type"}
    codes.add("unknown_number")  # reported for several at once
    codes |= codes_of_types(app.test_client().get("/openapi.json").get_json())
    assert {"missing", "text_or_components", "float_parsing", "nul_character"} <= codes
    assert codes - {*re.findall(r"`(\w+)`", API.split("## Field codes")[1])} == set()


def codes_of_types(document: dict[str, Any]) -> set[str]:
    """Error codes pydantic can raise for query parameters, by their types and limits."""
    parameters = [
        parameter
        for item in document["paths"].values()
        for operation in item.values()
        for parameter in operation["parameters"]
        if parameter["in"] == "query"
    ]
    codes = {"missing"} if any(parameter["required"] for parameter in parameters) else set()
    for parameter in parameters:
        schema = parameter["schema"]
        codes |= TYPES[schema["type"]]
        codes |= {code for word, code in LIMITS.items() if word in schema}
    return codes


TYPES = {
    "string": {"string_type"},
    "integer": {"int_parsing", "int_type", "int_from_float"},
    "number": {"float_parsing", "float_type", "finite_number"},
    "boolean": {"bool_parsing", "bool_type"},
}
LIMITS = {
    "minLength": "string_too_short",
    "maxLength": "string_too_long",
    "pattern": "string_pattern_mismatch",
    "minimum": "greater_than_equal",
    "exclusiveMinimum": "greater_than",
    "maximum": "less_than_equal",
    "exclusiveMaximum": "less_than",
    "enum": "literal_error",
}


def test_every_setting_has_its_line_in_the_reference() -> None:
    source = (ROOT / "registry" / "core" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'"((?:DIACHISO|DATABASE)_[A-Z0-9_]+)"', source))
    assert names == {variable_of(each.name) for each in dataclasses.fields(Settings)}
    assert [
        n for n in sorted(names) if not re.search(rf"^- `{n}`[^:]*: [\w`]", SETTINGS, re.M)
    ] == []


def command_words(path: str) -> str:
    """What the reference says of a command: its section, or its paragraph in that of its group
    with what all of the group take; empty without one.
    """
    group, _, name = path.partition(" ")
    found = re.search(rf"^## {group}\n(.*?)(?=^##|\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
    if found is None:
        return ""
    if other := re.search(r"^As \[([\w-]+)\]", found[1], re.MULTILINE):
        return command_words(other[1])
    # What several operations take is described with them all.
    if not name or group == "operation":
        return found[1]
    shared = re.search(r"^All: (.+)$", found[1], re.MULTILINE)
    own = re.search(rf"^\*\*{name}\*\*: (.+)$", found[1], re.MULTILINE)
    return f"{shared[1] if shared else ''} {own[1]}" if own else ""


@pytest.mark.parametrize(("path", "command"), list(commands()))
def test_every_command_and_option_is_described_in_the_reference(
    path: str, command: click.Command
) -> None:
    assert english_help(command)
    group = path.partition(" ")[0]
    shown = command_words(path)
    assert shown, path
    for option in command.params:
        if isinstance(option, click.Option):
            assert english_help(option), (path, option.opts)
            flag = "/".join([*option.opts, *option.secondary_opts])
            if group != "operation" or not is_member(str(option.name)):
                assert re.search(rf"[` ]\[?{flag}[\]`= ]", shown), (path, flag)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_is_typed_and_has_a_docstring(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()
    assert importlib.import_module(package).__doc__


def listed(*options: str) -> list[Path]:
    """The files of the checkout that git lists; skips without it."""
    if not (ROOT / ".git").exists():
        pytest.skip("needs the checkout's .git to know its files")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--exclude-standard", *options],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / name for name in listing.stdout.split("\0") if name]


def test_no_ignored_files_are_committed() -> None:
    assert listed("--cached", "--ignored") == []


def test_no_file_contains_a_path_of_this_machine() -> None:
    files = listed("--cached", "--others")
    found = [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for file in files
        if file.is_file() and file.suffix not in (".csv", ".png", ".ttf")
        if file.relative_to(ROOT).parts[0] not in ("tests", "docs", "bin")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_pre_commit_checks_are_those_of_bin_test() -> None:
    checks = re.findall(r'check "[^"]+" (\w[^\n]+)', (ROOT / "bin" / "test").read_text())
    hooks = re.findall(r"entry: \.venv/bin/(.+)", (ROOT / ".pre-commit-config.yaml").read_text())
    # deptry and squawk take what bin/test makes for them.
    assert set(hooks) == {check for check in checks if not check.startswith("check_")}


LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """What a link into a page may name: its headings, as hosts of repositories write them."""
    text = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def test_every_link_of_a_page_resolves() -> None:
    lost = []
    for page in [file for file in listed("--cached", "--others") if file.suffix == ".md"]:
        for link in LINK.findall(FENCED.sub("", page.read_text(encoding="utf-8"))):
            path, _, anchor = link.partition("#")
            goal = page.parent / path if path else page
            if ":" not in link and not (goal.exists() and (not anchor or anchor in anchors(goal))):
                lost.append(f"{page.relative_to(ROOT)}: {link}")
    assert lost == []


def test_every_file_named_in_the_contributing_guide_exists() -> None:
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+(?:/[a-z_]+)+\.(?:py|csv))`", guide)
    assert "geo/lexicon/words.csv" in named
    assert [path for path in named if not (ROOT / path).is_file()] == []
