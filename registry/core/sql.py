"""SQL in files: named statements, each under a line `-- name --`, beside the Python that runs them.

An input is `:name`. `{name}` stands for another section of the file, one of `shared.sql`, or for
what the module gives its `Statements`; a line `-- with name: …` below a statement's name says what
`{name}` is in this statement and in what it includes. `{where}` stands for conditions that whoever
runs the statement names, of those that its line `-- where one, other` lists. A statement that
differs by class has a line `-- by street, locality`: whoever runs it names one of these sections,
which holds nothing but lines `-- with`.

A test EXPLAINs each statement, and names those that no module uses.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from sqlalchemy import TextClause, text

_SHARED: Final = Path(__file__).with_name("shared.sql")
_NAMED: Final = re.compile(r"^-- (\w+) --\n", re.MULTILINE)
_WITH: Final = re.compile(r"^-- with (\w+): ?(.*)\n", re.MULTILINE)
_COMMENT: Final = re.compile(r"^ *--.*\n", re.MULTILINE)
FRAGMENT: Final = re.compile(r"\{([a-z]\w*)\}")
_INPUT: Final = re.compile(r"(?<![:\w]):(\w+)(?![:\w])")
"""As `sqlalchemy.text` finds them: no cast `::date`, no class `[:space:]`."""
_EACH: Final = re.compile(r"^( *)-- each (\w+) column: (.*\n)", re.M)


class Statements:
    """The statements of `module.sql`, or of another file beside it, read when one is first needed.

    A name that is not in the file raises KeyError.
    """

    def __init__(self, module: str, file: str = "", **fragments: str) -> None:
        """`module` is its `__file__`; the fragments are what only Python can say."""
        self.path: Final = (
            Path(module).with_name(file) if file else Path(module).with_suffix(".sql")
        )
        self._fragments = fragments
        self._texts: dict[tuple[str, ...], TextClause] = {}
        self._scripts: dict[str, list[TextClause]] = {}
        self._driver: dict[tuple[str, ...], str] = {}

    def text(self, name: str, *conditions: str) -> TextClause:
        """A statement for SQLAlchemy; its `{where}` is all of these sections, or true."""
        asked = (name, *conditions)
        if asked not in self._texts:
            self._texts[asked] = text(self.written(*asked))
        return self._texts[asked]

    def script(self, name: str) -> list[TextClause]:
        """The statements of a section that holds several, parted by `;` at the ends of lines."""
        if name not in self._scripts:
            self._scripts[name] = [text(each) for each in parted(self.written(name))]
        return self._scripts[name]

    def driver(self, name: str, *conditions: str) -> str:
        """The same for psycopg and `registry.core.reads`: an input is `%(name)s`.

        A percent sign is doubled, so inputs have to be given, `{}` where there are none.
        """
        asked = (name, *conditions)
        if asked not in self._driver:
            written = self.written(*asked).replace("%", "%%")
            self._driver[asked] = _INPUT.sub(r"%(\1)s", written)
        return self._driver[asked]

    def written(self, name: str, *conditions: str) -> str:
        """The same as it stands, for SQLite and DuckDB."""
        known = sections(_SHARED) | sections(self.path) | self._fragments
        ways = [each for each in conditions if not _plain(known[each])]
        said = dict(found for each in ways for found in _WITH.findall(known[each]))
        where = " AND ".join(f"({{{each}}})" for each in conditions if each not in ways)
        own = dict(_WITH.findall(known[name]))
        return _filled(known[name], known | own | said | {"where": where or "true"})


def _expanded(written: str, known: Mapping[str, str]) -> str:
    return _filled(written, {**known, **dict(_WITH.findall(written))})


def _filled(written: str, known: Mapping[str, str]) -> str:
    return FRAGMENT.sub(lambda each: _expanded(known[each[1]], known), _plain(written))


def _plain(written: str) -> str:
    """Without its comments."""
    return _COMMENT.sub("", written).strip()


@cache
def sections(path: Path) -> dict[str, str]:
    """Name → what stands below it in a file."""
    _, *found = _NAMED.split(path.read_text(encoding="utf-8"))
    return dict(zip(found[::2], found[1::2], strict=True))


def parted(script: str) -> list[str]:
    """The statements of a script."""
    return script.split(";\n")


def for_each_column(written: str, kind: str, columns: Iterable[Mapping[str, str]]) -> str:
    """A script in which a line `-- each {kind} column: …` stands once for each of the columns, with
    its pieces in braces.
    """
    known = list(columns)

    def expanded(line: re.Match[str]) -> str:
        if line[2] != kind:
            return line[0]
        return "".join(line[1] + line[3].format_map(each) for each in known)

    return _EACH.sub(expanded, written)


def tables_of_lines(
    line: Sequence[tuple[str, str]], same: Sequence[tuple[str, str]]
) -> tuple[str, str, str]:
    """Tables `k` of what is asked: of one line; of the lines of one question, with what is the same
    for all; of the lines of many questions. Inputs are names and types, `%(name)s`.
    """

    def lines(columns: Sequence[tuple[str, str]]) -> str:
        columns = (("question", "int"), *columns)
        arrays = ", ".join(f"%({name})s::{kind}[]" for name, kind in columns)
        return f"unnest({arrays}) k ({', '.join(name for name, _ in columns)})"

    pieces = {
        "values": ", ".join(f"%({name})s::{kind} AS {name}" for name, kind in (*line, *same)),
        "shared": "".join(f", %({name})s::{kind} AS {name}" for name, kind in same),
        "lines": lines(line),
    }
    return (
        _filled("(SELECT 0 AS question, {values}) k", pieces),
        _filled("(SELECT k.*{shared} FROM {lines}) k", pieces) if same else pieces["lines"],
        lines((*line, *same)),
    )


SHARED: Final = Statements(__file__, "shared.sql")
"""Fragments for statements that are not in a file."""
