"""Every message has English, Vietnamese and the same parameters as its call; no row is unused."""

import ast
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from string import Formatter
from typing import Final, NamedTuple

import pytest
from babel.messages.pofile import read_po

from registry.core.messages import DOMAIN, WORDS, Message, Several, english_texts, read_stored
from registry.core.remedies import Remedy
from registry.core.settings import ROOT
from scripts.catalogue import catalogues, problems

_PACKAGES: Final = ("registry", "api", "scripts", "geo")
_OTHER_MESSAGES: Final = "registry.publish.webhooks.messages"
"""A `Message` imported from there is what a webhook delivers."""
_CODE_IS: Final = {"Message": 0, "none_of": 1, "_listed": 0}
"""Function → its argument that is a code."""
_FAMILY: Final = re.compile(r"[a-z]+_")
_CODE: Final = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class _Call(NamedTuple):
    code: str
    place: str
    parameters: frozenset[str] | None
    """None where some are handed on by `**`."""


class _Module(NamedTuple):
    calls: list[_Call]
    texts: set[str]
    """What a code that is computed may be; empty where none is."""
    families: set[str]
    """How codes begin that are made with an f-string."""


def test_every_message_has_english_and_vietnamese() -> None:
    vietnamese = _vietnamese()
    missing = [
        code for code, (english, _) in english_texts().items() if not vietnamese.get(english)
    ]
    assert missing == []


def test_every_call_has_a_row() -> None:
    missing = [call for module in _modules() for call in module.calls if not _texts_of(call.code)]
    assert missing == []


def test_no_row_is_unused() -> None:
    modules = _modules()
    used = {call.code for module in modules for call in module.calls}
    used |= {text for module in modules for text in module.texts} | _codes_of_geo()
    families = tuple(family for module in modules for family in module.families)
    unused = [
        each for each in english_texts() if each not in used and not each.startswith(families)
    ]
    assert unused == []


def test_languages_have_the_same_parameters() -> None:
    vietnamese = _vietnamese()
    differing = {}
    for code, (english, several) in english_texts().items():
        for text in filter(None, (english, several)):
            other = set(_placeholders(text)) ^ set(_placeholders(vietnamese[english]))
            if other:
                differing[code] = (text, vietnamese[english])
    assert differing == {}


def test_calls_give_the_parameters_of_their_message() -> None:
    differing = [
        (call, parameters)
        for module in _modules()
        for call in module.calls
        if call.parameters is not None and (texts := _texts_of(call.code))
        if (parameters := {name for text in texts for name, _ in _placeholders(text)})
        != call.parameters
    ]
    assert differing == []


def test_codes_have_one_style() -> None:
    assert [code for code in english_texts() if not _CODE.fullmatch(code)] == []


def _texts_of(code: str) -> tuple[str, ...]:
    if code not in english_texts():
        return ()
    english, _ = english_texts()[code]
    return english, _vietnamese().get(english, "")


def _placeholders(text: str) -> Iterator[tuple[str, str]]:
    for _, name, form, _ in Formatter().parse(text):
        if name is not None:
            yield name, form or ""


@lru_cache(maxsize=1)
def _vietnamese() -> dict[str, str]:
    with (WORDS / "vi" / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as stream:
        entries = read_po(stream)
    found = {}
    for entry in entries:
        one = entry.id if isinstance(entry.id, str) else entry.id[0]
        found[one] = entry.string if isinstance(entry.string, str) else entry.string[0]
    return found


@lru_cache(maxsize=1)
def _modules() -> list[_Module]:
    files = (file for package in _PACKAGES for file in sorted((ROOT / package).rglob("*.py")))
    return [
        _read(file, ast.parse(source))
        for file in files
        if "Message(" in (source := file.read_text(encoding="utf-8"))
    ]


def _read(file: Path, tree: ast.Module) -> _Module:
    nodes = list(ast.walk(tree))
    module = _Module([], set(), set())
    name = ".".join(file.relative_to(ROOT).with_suffix("").parts)
    imported = (node.module for node in nodes if isinstance(node, ast.ImportFrom))
    if _OTHER_MESSAGES in (name, *imported):
        return module
    named = {target: text for node in tree.body for target, text in _named(node)}
    computed = False
    for node in nodes:
        if not (isinstance(node, ast.Call) and node.args):
            continue
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called not in _CODE_IS:
            continue
        codes = list(_codes(node.args[_CODE_IS[called]], named))
        computed |= None in codes
        given = [keyword.arg for keyword in node.keywords]
        by_name = called == "Message" and None not in given
        parameters = frozenset(filter(None, given)) if by_name else None
        place = f"{file.relative_to(ROOT)}:{node.lineno}"
        module.calls.extend(_Call(code, place, parameters) for code in codes if code is not None)
    if computed:
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                module.texts.add(node.value)
            if isinstance(node, ast.JoinedStr):
                begin = getattr(node.values[0], "value", None)
                if isinstance(begin, str) and _FAMILY.fullmatch(begin):
                    module.families.add(begin)
    return module


def _codes(code: ast.expr, named: dict[str, str]) -> Iterator[str | None]:
    """The codes that an argument can have; None for a computed one."""
    match code:
        case ast.Constant(value=str() as text):
            yield text
        case ast.IfExp():
            yield from _codes(code.body, named)
            yield from _codes(code.orelse, named)
        case ast.Name(id=name):
            yield named.get(name)
        case _:
            yield None


def _named(statement: ast.stmt) -> Iterator[tuple[str, str]]:
    """The constants of a module."""
    match statement:
        case (
            ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str() as text))
            | ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str() as text))
        ):
            yield name, text


def _codes_of_geo() -> set[str]:
    """Messages for texts that are not address codes, made by `wrong_code`."""
    tree = ast.parse((ROOT / "geo" / "code.py").read_text(encoding="utf-8"))
    bodies = (node.body for node in tree.body if isinstance(node, ast.ClassDef))
    return {
        text for body in bodies for node in body for name, text in _named(node) if name == "code"
    }


def test_message_with_a_missing_parameter_falls_back_to_its_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert Message("more_than_characters").words("vi") == "more_than_characters"
    assert Message("no_such_code").words("en") == "no_such_code"
    assert len(caplog.records) == 2


def test_stored_message_round_trips() -> None:
    inner = Several((Message("disk_full"), Remedy("mapping", {"Đường": "street:fill"})))
    message = Message("not_written", path="a", reason=inner)
    assert Message.from_json(json.loads(json.dumps(message.as_json()))) == message
    own = {code: text for code, text in english_texts().items() if "remedy_" not in code}
    for code, text in own.items():
        each = Message(code, **dict.fromkeys(re.findall(r"\{(\w+)", str(text)), "x"))
        assert read_stored(each.as_json()) == each


def test_third_language_is_added_by_a_file() -> None:
    message = Message("disk_full")
    assert len({message.words(language) for language in ("vi", "en", "km")}) == 3
    assert Message("not_written", path="a", reason="b").words("km") == "cannot write a: b"


def test_catalogues_are_complete_without_extra_entries() -> None:
    found = {path: problems(path, complete="vi" in path.parts) for path in catalogues()}
    assert all(not wrong for wrong in found.values()), found
