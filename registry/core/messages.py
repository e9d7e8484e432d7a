"""Messages for people, as a code with parameters, and their translations.

A `Message` is raised, compared, stored and sent as its code and parameters, and rendered in the
language of the reader when it leaves the program (`speaking`). Its English text in
`registry/words/messages.csv` is the msgid of the gettext catalogues beside it; labels and page
texts are msgids themselves (`_`, `N_`).

Without a chosen language a message is Vietnamese with its English in brackets.

A sentence is one line, a language one file; before, 250 regular expressions made Vietnamese from
English, and the desk parsed options out of prose. Not Flask-Babel: most messages leave outside a
request. Catalogues take 5 ms and 1 MB a process.

>>> with speaking("en"):
...     str(Message("more_than_characters", most=2_000))
'more than 2,000 characters'
>>> str(Message("more_than_characters", most=2_000))
'dài hơn 2.000 ký tự (more than 2,000 characters)'
"""

import csv
import datetime
import errno
import gettext
import io
import logging
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias

from babel import Locale

WORDS: Final = Path(__file__).parent.parent / "words"
DOMAIN: Final = "diachiso"
LANGUAGES: Final = ("vi", "en")
"""Available languages, the default first."""
SEVERAL: Final = "several"
_CODES: Final = WORDS / "messages.csv"
_LONG: Final = 60
_log: Final = logging.getLogger(__name__)
_chosen: Final[ContextVar[str | None]] = ContextVar("language", default=None)

Value: TypeAlias = object
"""Anything that `format` accepts; stored as JSON, or else as its text."""


class Message:
    """A text for people: a code, and the values of its parameters."""

    __slots__ = ("code", "values")
    of_codes: ClassVar[str] = ""
    """The code of a subclass; or the prefix of its codes, which ends in `_`."""

    def __init__(self, code: str, /, **values: Value) -> None:
        self.code = code
        self.values = values

    def __str__(self) -> str:
        """Render it in the chosen language; without one, Vietnamese with English in brackets."""
        if language := _chosen.get():
            return self.words(language)
        vietnamese, english = self.words("vi"), self.words("en").rstrip(".")
        # A common beginning, such as a file name, appears once; so does a long common end, such as
        # a list or a command.
        subject, colon, rest = english.partition(": ")
        if colon and vietnamese.startswith(subject + colon):
            english = rest
        tails = (vietnamese[at.start() :] for at in re.finditer(": ", vietnamese))
        tail = next((each for each in tails if english.endswith(each)), "")
        if len(tail) < _LONG:
            tail = ""
        return f"{vietnamese.removesuffix(tail)} ({english.removesuffix(tail)}){tail}"

    def words(self, language: str) -> str:
        """Render it in a language; if that fails return its code, and log the error."""
        try:
            return _format(_english(self, language), self.values, language)
        except (LookupError, ValueError, TypeError):
            _log.exception("message %s cannot be rendered with %s", self.code, self.values)
            return self.code

    def as_json(self) -> dict[str, Any]:
        """Return it as stored and sent.

        >>> Message("more_than_characters", most=3).as_json()
        {'code': 'more_than_characters', 'values': {'most': 3}}
        """
        return {"code": self.code, "values": {k: stored(v) for k, v in self.values.items()}}

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> "Message":
        """Restore a message from `as_json`."""
        code, given = stored["code"], stored["values"]
        values: Any = {name: read_stored(value) for name, value in given.items()}
        kinds: list[Any] = Message.__subclasses__()
        kind = next((kind for kind in kinds if kind.has_code(code)), None)
        return kind(**values) if kind else Message(code, **values)

    @classmethod
    def has_code(cls, code: str) -> bool:
        """Whether messages of this subclass have a code: `several_files` is no Several."""
        return code.startswith(cls.of_codes) if cls.of_codes.endswith("_") else code == cls.of_codes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.code, self.values) == (other.code, other.values)

    def __hash__(self) -> int:
        return hash((self.code, repr(self.values)))

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.values.items())
        return f"Message({self.code!r}{given})"


class Several(Message):
    """Several messages, joined."""

    __slots__ = ()
    of_codes = SEVERAL

    def __init__(self, messages: Iterable[Message], between: str = "; ") -> None:
        super().__init__(SEVERAL, messages=list(messages), between=between)

    def __str__(self) -> str:
        return self._joined(str)

    def words(self, language: str) -> str:
        """Render each in a language."""
        return self._joined(lambda message: message.words(language))

    def _joined(self, word: Callable[[Message], str]) -> str:
        messages: Any = self.values["messages"]
        return str(self.values["between"]).join(map(word, messages))


class Text(Message):
    """A text that is its own msgid: a label, or a title."""

    __slots__ = ()
    of_codes = "text:"

    def __init__(self, english: str) -> None:
        super().__init__("text:", english=english)

    def words(self, language: str) -> str:
        """Translate the text."""
        return translate(str(self.values["english"]), language)


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Set the language in the block; None is Vietnamese with English in brackets."""
    before = _chosen.set(language)
    try:
        yield
    finally:
        _chosen.reset(before)


def choose_language(language: str | None) -> None:
    """Set the language of this request or command."""
    _chosen.set(language)


def chosen_language() -> str:
    """Return the language of this request or command, Vietnamese by default."""
    return _chosen.get() or LANGUAGES[0]


def is_language_chosen() -> bool:
    """Whether the reader chose a language."""
    return _chosen.get() is not None


def both(english: str) -> tuple[str, str]:
    """Return a text in Vietnamese and in English."""
    return in_vietnamese(english), english


def N_(english: str) -> str:  # noqa: N802 - the name that gettext has for it
    """Mark a msgid that is translated when shown."""
    return english


def _(english: str, **values: Value) -> str:
    """Translate the text of a page into the chosen language."""
    language = chosen_language()
    translated = translate(english, language)
    return _format(translated, values, language) if values else translated


def translate(english: str, language: str) -> str:
    """Translate a msgid; unchanged without an entry."""
    return english if language == "en" else catalogue(language).gettext(english)


def in_vietnamese(english: str) -> str:
    """Translate a msgid into Vietnamese whatever the reader chose, for papers and exports."""
    return translate(english, LANGUAGES[0])


@lru_cache(maxsize=8)
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the catalogue of a language; empty if it has none."""
    written = WORDS / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    compiled = written.with_suffix(".mo")
    if not (written.exists() or compiled.exists()):
        return gettext.NullTranslations()
    if not _is_newer(written, compiled):
        with compiled.open("rb") as stream:
            return gettext.GNUTranslations(stream)
    return gettext.GNUTranslations(io.BytesIO(compiled_catalogue(written)))


def _is_newer(written: Path, compiled: Path) -> bool:
    """Whether a catalogue has to be compiled; an installed package has the compiled form alone."""
    if not (written.exists() and compiled.exists()):
        return written.exists()
    return compiled.stat().st_mtime < written.stat().st_mtime


def compiled_catalogue(written: Path) -> bytes:
    """Compile a catalogue to gettext's MO format."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    with written.open("rb") as stream:
        entries = read_po(stream)
    # Otherwise that of now, and no two builds are alike.
    entries.creation_date = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
    target = io.BytesIO()
    write_mo(target, entries)
    return target.getvalue()


def compile_catalogues() -> None:
    """Compile each catalogue that is newer than its compiled form, for a faster start."""
    for written in WORDS.glob(f"*/LC_MESSAGES/{DOMAIN}.po"):
        compiled = written.with_suffix(".mo")
        if _is_newer(written, compiled):
            compiled.write_bytes(compiled_catalogue(written))


@lru_cache(maxsize=1)
def english_texts() -> dict[str, tuple[str, str]]:
    """Map codes of messages to their English, singular and plural (empty if the same)."""
    with _CODES.open(encoding="utf-8", newline="") as lines:
        return {row["code"]: (row["english"], row["several"]) for row in csv.DictReader(lines)}


def _english(message: Message, language: str) -> str:
    one, several = english_texts()[message.code]
    if not several:
        return translate(one, language)
    count = int(str(message.values["count"]))
    if language == "en":
        return one if count == 1 else several
    return catalogue(language).ngettext(one, several, count)


def _format(text: str, values: Mapping[str, Value], language: str) -> str:
    return text.format_map({name: _Shown(value, language) for name, value in values.items()})


class _Shown:
    """The value of a parameter; `{rows:n}` formats a number for the language."""

    __slots__ = ("language", "value")

    def __init__(self, value: Value, language: str) -> None:
        self.value = value
        self.language = language

    def __format__(self, spec: str) -> str:
        value = self.value
        if isinstance(value, Message):
            return value.words(self.language)
        if isinstance(value, list | tuple):
            return ", ".join(format(_Shown(each, self.language), spec) for each in value)
        if spec == "n":
            return number(value, self.language)  # type: ignore[arg-type]
        return format(value, spec)


def number(value: float, language: str | None = None) -> str:
    """Format a number for the language (CLDR), keeping its decimals.

    >>> number(20128, "vi"), number(-1234567, "en"), number(1234.5, "vi")
    ('20.128', '-1,234,567', '1.234,5')
    """
    return f"{value:,}".translate(_signs(language or chosen_language()))


@lru_cache(maxsize=8)
def _signs(language: str) -> dict[int, str]:
    signs = Locale.parse(language).number_symbols["latn"]
    return str.maketrans({",": signs["group"], ".": signs["decimal"]})


def stored(value: Value) -> Any:
    """Convert a value to JSON, with messages in stored form."""
    if isinstance(value, Message):
        return value.as_json()
    if isinstance(value, list | tuple):
        return [stored(each) for each in value]
    if isinstance(value, dict):
        return {name: stored(each) for name, each in value.items()}
    return value if isinstance(value, str | int | float | None) else str(value)


def in_words(value: object) -> str:
    """Render a message, as `fallback` of pydantic's `to_json`.

    Raises TypeError for other values.
    """
    if not isinstance(value, Message):
        raise TypeError(f"{type(value).__name__} is not JSON")
    return str(value)


def worded(value: Value) -> Any:
    """Convert a value to JSON, with messages rendered in the chosen language."""
    if isinstance(value, Message):
        return str(value)
    if isinstance(value, Mapping):
        return {name: worded(each) for name, each in value.items()}
    return [worded(each) for each in value] if isinstance(value, list | tuple) else value


def read_stored(value: Any) -> Any:
    """Restore a value that `stored` converted."""
    if isinstance(value, dict):
        if value.keys() == {"code", "values"}:
            return Message.from_json(value)
        return {name: read_stored(each) for name, each in value.items()}
    return [read_stored(each) for each in value] if isinstance(value, list) else value


def not_written(path: str | os.PathLike[str], error: OSError) -> Message:
    """Make the message that a file cannot be written, with the reason.

    >>> str(not_written("a/b.csv", FileNotFoundError(errno.ENOENT, "No such file or directory")))
    'không ghi được a/b.csv: không có thư mục ấy (cannot write a/b.csv: no such folder)'
    """
    code = _NOT_WRITTEN.get(error.errno or 0)
    reason = Message(code) if code else error.strerror or str(error)
    return Message("not_written", path=os.fspath(path), reason=reason)


_NOT_WRITTEN: Final = {
    errno.ENOENT: "no_such_folder",
    errno.ENOTDIR: "no_such_folder",
    errno.EACCES: "no_permission",
    errno.EPERM: "no_permission",
    errno.EROFS: "disk_read_only",
    errno.EISDIR: "is_a_folder",
    errno.ENAMETOOLONG: "name_too_long",
    errno.ENOSPC: "disk_full",
}
