"""Keep the catalogues of translations: `python -m scripts.catalogue update | check`.

Texts are collected from the tables of messages, from `_` and `N_` in sources, templates and
scripts of pages, and from the help of commands. `update` writes each catalogue anew with what is
new (empty) and without what is gone; `check` says what is missing, unused or has other parameters.
"""

import ast
import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.pofile import read_po, write_po

from registry.core.messages import DOMAIN, WORDS
from registry.core.settings import ROOT
from registry.ops.doctor import PROBES
from scripts.help import english_help
from scripts.main import commands

_TABLES: Final = {
    "registry/words/messages.csv": ("english", "several"),
    "registry/intake/problems.csv": ("english", ""),
    "registry/search/faults.csv": ("english", ""),
    "registry/records/uses.csv": ("english", ""),
}
"""Table → its columns of msgids, the second of which is the plural."""
_SOURCES: Final = (
    *((f"{room}/**/*.py", "python") for room in ("api", "registry", "scripts")),
    ("api/pages/templates/**/*.html", "jinja2"),
    ("api/pages/**/*.js", "javascript"),
)
_KEYWORDS: Final = {"_": None, "N_": None, "both": None}
_PLACEHOLDER: Final = re.compile(r"(?<!\{)\{(\w*[^{}]*)\}(?!\})")

Msgid = str | tuple[str, str]
"""As gettext has it: with its plural, if it has one."""


def texts() -> set[Msgid]:
    """Every text that a catalogue translates."""
    return set(_all())


def catalogues() -> Iterator[Path]:
    """The file of each language."""
    yield from sorted(WORDS.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def problems(path: Path, *, complete: bool = True) -> list[str]:
    """What is wrong with a catalogue; one that is not `complete` may lack entries."""
    entries, known, wrong = _read(path), texts(), []
    of_click = _of_click()
    for text in known:
        entry = entries.get(text[0] if isinstance(text, tuple) else text)
        if complete and (entry is None or not entry.string):
            wrong.append(f"missing: {text}")
    singles = {msgid[0] if isinstance(msgid, tuple) else msgid for msgid in known}
    for entry in entries:
        if not entry.id:
            continue
        msgid: Any = entry.id[0] if isinstance(entry.id, tuple) else entry.id
        if msgid not in singles and msgid not in of_click:
            wrong.append(f"unused: {msgid}")
        translation = entry.string[0] if isinstance(entry.string, tuple) else entry.string
        whole: Any = entry.id[-1] if isinstance(entry.id, tuple) else entry.id
        if translation and _parameters(whole) != _parameters(translation):
            wrong.append(f"other parameters: {msgid} → {translation}")
    return wrong


def update(path: Path, *, complete: bool = True) -> None:
    """Write a catalogue anew: sorted, each text in one line."""
    old, known, of_click = _read(path), texts(), _of_click()
    new = Catalog(locale=path.parent.parent.name, header_comment=old.header_comment, fuzzy=False)
    for msgid in known:
        entry = old.get(msgid[0] if isinstance(msgid, tuple) else msgid)
        if complete or (entry and entry.string):
            new.add(msgid, entry.string if entry else None)
    for entry in old:
        one = entry.id[0] if isinstance(entry.id, tuple) else entry.id
        if one in of_click and entry.id not in known:
            new.add(entry.id, entry.string)
    with path.open("wb") as stream:
        write_po(stream, new, width=0, sort_output=True, no_location=True)
    # Moments and names of tools would make each update a conflict.
    text = path.read_text(encoding="utf-8")
    path.write_text(_CHANGING.sub("", text), encoding="utf-8")


_CHANGING: Final = re.compile(
    r'^"(?:POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By'
    r"|Report-Msgid-Bugs-To|Project-Id-Version):.*\n",
    re.MULTILINE,
)


def _read(path: Path) -> Catalog:
    with path.open("rb") as stream:
        return read_po(stream)


def _parameters(text: Any) -> set[str]:
    return {each.partition("!")[0] for each in _PLACEHOLDER.findall(text)}


def _all() -> Iterator[Msgid]:
    for name, (one, several) in _TABLES.items():
        with (ROOT / name).open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(line for line in lines if not line.startswith("#")):
                if row[one]:
                    yield (row[one], row[several]) if row.get(several) else row[one]
                if row.get("fix"):
                    yield row["fix"]
    yield from _of_sources()
    yield from _titles()
    for probe in PROBES:
        yield probe.line
    for command in commands():
        for described in (command, *command.params):
            if english := english_help(described):
                yield " ".join(english.partition("\n\n")[0].split())


def _of_sources() -> Iterator[Msgid]:
    for pattern, method in _SOURCES:
        for path in sorted(ROOT.glob(pattern)):
            for _, message, *_ in extract_from_file(method, path, keywords=_KEYWORDS):
                yield message if isinstance(message, str) else (message[0], message[1])


def _titles() -> Iterator[str]:
    """Titles of endpoints of the API: first paragraphs of docstrings
    (`api.core.endpoint.title_of`)."""
    for path in sorted((ROOT / "api").glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef) and any(map(_declares, node.decorator_list)):
                yield " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())


def _declares(decorator: ast.expr) -> bool:
    """Whether it declares an endpoint of the API."""
    match decorator:
        case ast.Call(func=ast.Name(id="public" | "keyed")):
            return True
    return False


def _of_click() -> set[str]:
    """Texts of click, which asks our catalogue for them."""
    found: set[str] = set()
    folder = Path(click.__file__).parent
    for _, _, message, *_ in extract_from_dir(
        str(folder), [("**.py", "python")], keywords={"_": None, "ngettext": (1, 2)}
    ):
        found |= {message} if isinstance(message, str) else set(message)
    return found


def main() -> int:
    """The exit status."""
    task = sys.argv[1:2]
    wrong: list[str] = []
    for path in catalogues():
        complete = path.parent.parent.name == "vi"
        if task == ["update"]:
            update(path, complete=complete)
        wrong += [
            f"{path.parent.parent.name}: {each}" for each in problems(path, complete=complete)
        ]
    print(*wrong, sep="\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
