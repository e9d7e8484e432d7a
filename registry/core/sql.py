"""SQL in files: named statements, each under a line `-- name --`, beside the Python that uses them.

An input is `:name`. `{name}` is replaced by another section of the file, by one of `shared.sql`, or
by a fragment passed to `Statements`; a line `-- with name: …` below a statement's name defines
`{name}` for this statement and the sections it includes. `{where}` is replaced by conditions chosen
by the caller, from those listed in the line `-- where one, other`. A statement with variants has a
line `-- by street, locality`: the caller names one of these sections, which contain only lines
`-- with`.

A test EXPLAINs each statement, and reports unused ones.
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
"""As in `sqlalchemy.text`: not a cast `::date`, not a class `[:space:]`."""
_EACH: Final = re.compile(r"^( *)-- each (\w+) column: (.*\n)", re.M)


class Statements:
    """The statements of `module.sql`, or of another file next to it, read on first use.

    An unknown name raises KeyError.
    """

    def __init__(self, module: str, file: str = "", **fragments: str) -> None:
        """`module` is its `__file__`; `fragments` are pieces made by Python."""
        self.path: Final = (
            Path(module).with_name(file) if file else Path(module).with_suffix(".sql")
        )
        self._fragments = fragments
        self._texts: dict[tuple[str, ...], TextClause] = {}
        self._scripts: dict[str, list[TextClause]] = {}
        self._driver: dict[tuple[str, ...], str] = {}

    def text(self, name: str, *conditions: str) -> TextClause:
        """Return a statement for SQLAlchemy; its `{where}` is all of these sections, or true."""
        key = (name, *conditions)
        if key not in self._texts:
            self._texts[key] = text(self.written(*key))
        return self._texts[key]

    def script(self, name: str) -> list[TextClause]:
        """Return the statements of a section, separated by `;` at the ends of lines."""
        if name not in self._scripts:
            self._scripts[name] = [text(each) for each in parted(self.written(name))]
        return self._scripts[name]

    def driver(self, name: str, *conditions: str) -> str:
        """Return a statement for psycopg and `registry.core.reads`: inputs are `%(name)s`.

        Percent signs are doubled, so inputs must be passed, `{}` if there are none.
        """
        key = (name, *conditions)
        if key not in self._driver:
            written = self.written(*key).replace("%", "%%")
            self._driver[key] = _INPUT.sub(r"%(\1)s", written)
        return self._driver[key]

    def written(self, name: str, *conditions: str) -> str:
        """Return the expanded text of a statement, for SQLite and DuckDB."""
        known = sections(_SHARED) | sections(self.path) | self._fragments
        variants = [each for each in conditions if not _plain(known[each])]
        chosen = dict(found for each in variants for found in _WITH.findall(known[each]))
        where = " AND ".join(f"({{{each}}})" for each in conditions if each not in variants)
        own = dict(_WITH.findall(known[name]))
        return _filled(known[name], known | own | chosen | {"where": where or "true"})


def _expanded(written: str, known: Mapping[str, str]) -> str:
    return _filled(written, {**known, **dict(_WITH.findall(written))})


def _filled(written: str, known: Mapping[str, str]) -> str:
    return FRAGMENT.sub(lambda each: _expanded(known[each[1]], known), _plain(written))


def _plain(written: str) -> str:
    """Strip comments."""
    return _COMMENT.sub("", written).strip()


@cache
def sections(path: Path) -> dict[str, str]:
    """Map the names of a file to the texts below them."""
    _, *found = _NAMED.split(path.read_text(encoding="utf-8"))
    return dict(zip(found[::2], found[1::2], strict=True))


def parted(script: str) -> list[str]:
    """Split a script into statements."""
    return script.split(";\n")


def for_each_column(written: str, kind: str, columns: Iterable[Mapping[str, str]]) -> str:
    """Repeat lines `-- each {kind} column: …` of a script for the columns, filling in braces."""
    known = list(columns)

    def expanded(line: re.Match[str]) -> str:
        if line[2] != kind:
            return line[0]
        return "".join(line[1] + line[3].format_map(each) for each in known)

    return _EACH.sub(expanded, written)


def tables_of_lines(
    line: Sequence[tuple[str, str]], same: Sequence[tuple[str, str]]
) -> tuple[str, str, str]:
    """Return SQL of the input table `k` for one line, for the lines of one question with its shared
    values, and for the lines of many questions. Inputs are pairs of name and type.
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
