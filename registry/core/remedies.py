"""Remedies of problems as values, which each interface presents in its own way.

The command line prints an option, the desk fills in a control, the API returns a member.
"""

import json
import shlex
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

from registry.core.messages import Message, Several, Text, english_texts

TO_FILL_IN: Final = "…"
"""Placeholder for the field of a column that the user has to name."""
_FILL: Final = ":fill"
_terminal: Final[ContextVar[bool]] = ContextVar("terminal", default=False)


class Remedy(Message):
    """An option to set in the refused or questionable request, and its value.

    >>> str(Remedy("crs", "EPSG:5897").words("vi"))
    'chọn hệ toạ độ EPSG:5897'
    >>> Remedy("mapping", {"Đường": "street:fill", "Ghi chú": ""}).words("vi")
    'chọn điền các ô trống của cột “Đường” theo ô phía trên; không đọc cột “Ghi chú”'
    """

    __slots__ = ()
    of_codes = "remedy_"

    def __init__(self, option: str, value: str | Mapping[str, str] = "") -> None:
        super().__init__(f"remedy_{option}", option=option, value=value)

    @property
    def option(self) -> str:
        """The member of the request to set."""
        return str(self.values["option"])

    @property
    def value(self) -> Any:
        """The value to set; empty if unknown."""
        return self.values["value"]

    def words(self, language: str) -> str:
        """Render the advice for the current interface."""
        if _terminal.get():
            return Message(f"option_{self.option}", value=self.typed).words(language)
        value = mapping_words(self.value) if isinstance(self.value, Mapping) else self.value
        return Message(self.code, value=value).words(language)

    @property
    def typed(self) -> str:
        """The value, quoted for a shell."""
        if isinstance(self.value, Mapping):
            return shlex.quote(json.dumps(self.value, ensure_ascii=False))
        return str(self.value)


@contextmanager
def spoken_as_options() -> Iterator[None]:
    """Render remedies as command-line options in the block."""
    before = _terminal.set(True)
    try:
        yield
    finally:
        _terminal.reset(before)


def remedies_in(message: Message) -> Iterator[Remedy]:
    """Yield the remedies in a message."""
    if isinstance(message, Remedy):
        yield message
        return
    for value in message.values.values():
        for each in value if isinstance(value, list | tuple) else (value,):
            if isinstance(each, Message):
                yield from remedies_in(each)


def offered(remedies: Iterable[Remedy]) -> list[dict[str, Any]]:
    """Return the distinct remedies as JSON: `option`, a member of the request, and `value`."""
    made = [{"option": each.option, "value": each.value} for each in remedies]
    return [each for at, each in enumerate(made) if each not in made[:at]]


def mappings_in(remedies: Iterable[Remedy]) -> list[dict[str, str]]:
    """Return the distinct proposed mappings, without incomplete ones."""
    proposed = [each.value for each in remedies if each.option == "mapping"]
    complete = [each for each in proposed if each and TO_FILL_IN not in each.values()]
    return [each for at, each in enumerate(complete) if each not in complete[:at]]


def mapping_words(mapping: Mapping[str, str]) -> Message:
    """Describe a mapping of headers to fields."""
    return Several(_column(header, field) for header, field in mapping.items())


def _column(header: str, field: str) -> Message:
    if not field:
        return Message("column_left_out", header=header)
    if field.endswith(_FILL):
        return Message("column_filled", header=header)
    return Message("column_read_as", header=header, field=field_words(field))


def field_words(field: str) -> Message | str:
    """Return the name of an import field."""
    code = f"field_{field}"
    if code in english_texts():
        return Message(code)
    # Imported here, because table modules are slow to load.
    from registry.core.tables.records import HOUSEHOLD, described

    return Text(described(HOUSEHOLD.c[field]).label) if field in HOUSEHOLD.c else field
